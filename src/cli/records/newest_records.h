// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace traffictap::cli {

// Of the records that it is given, the `count` ones that started last, in the order of their start:
// a stream of several taps brings them tap by tap. A record without a start counts as the oldest.
class NewestRecords {
 public:
  explicit NewestRecords(uint64_t count) : count_(count) {}

  // One record as JSON.
  void Add(std::string_view line);
  // Those that are left, oldest first; it is empty afterwards.
  std::vector<std::string> Take();

 private:
  const uint64_t count_;
  std::multimap<std::string, std::string> by_start_;  // RFC 3339 with nanoseconds, which sorts
};

}  // namespace traffictap::cli
