// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace traffictap::base {

// A set of counters has one list of its members:
//   static void Visit(auto visit, auto&... counters)
// which calls visit(name, reason, value...) for each, with its value in each of `counters`; `reason`
// is empty where the counter has none. What is made from all of them is made here.

// Adds each counter of `from` to the same one of `to`.
template <typename Counters>
void AddCounters(const Counters& from, Counters* to) {
  Counters::Visit(
      [](std::string_view, std::string_view, uint64_t add, uint64_t& sum) { sum += add; }, from,
      *to);
}

// "offered=3 delivered=2 dropped.QueueFull=1"; with a reason only where it is not zero.
template <typename Counters>
std::string CountersText(const Counters& counters) {
  std::string out;
  const auto append = [&](std::string_view name, std::string_view reason, uint64_t value) {
    if (!reason.empty() && value == 0) return;
    if (!out.empty()) out += ' ';
    out += name;
    if (!reason.empty()) out.append(".").append(reason);
    out.append("=").append(std::to_string(value));
  };
  Counters::Visit(append, counters);
  return out;
}

}  // namespace traffictap::base
