// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace traffictap::base {

// A set of counters has one list of its members:
//   static void Visit(auto& counters, auto visit)
// which calls visit(name, reason, value) for each, const or not as `counters` is; `reason` is empty
// where the counter has none. What is made from all of them is made here.

// Adds each counter of `from` to the same one of `to`.
template <typename Counters>
void AddCounters(const Counters& from, Counters* to) {
  std::vector<uint64_t> values;
  Counters::Visit(from,
                  [&](std::string_view, std::string_view, uint64_t v) { values.push_back(v); });
  size_t next = 0;
  Counters::Visit(*to,
                  [&](std::string_view, std::string_view, uint64_t& v) { v += values[next++]; });
}

// "offered=3 delivered=2 dropped.QueueFull=1"; with a reason only where it is not zero.
template <typename Counters>
std::string CountersText(const Counters& counters) {
  std::string out;
  Counters::Visit(counters, [&](std::string_view name, std::string_view reason, uint64_t value) {
    if (!reason.empty() && value == 0) return;
    if (!out.empty()) out += ' ';
    out += name;
    if (!reason.empty()) out.append(".").append(reason);
    out.append("=").append(std::to_string(value));
  });
  return out;
}

}  // namespace traffictap::base
