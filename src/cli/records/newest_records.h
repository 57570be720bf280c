// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace traffictap::cli {

// Of the records that it is given, the `count` ones that started last, in the order of their start:
// a stream of several taps brings them tap by tap.
class NewestRecords {
 public:
  explicit NewestRecords(uint64_t count) : count_(count) {}

  // One record as JSON, and when its request started (Unix epoch); 0, the oldest, where it does not
  // say.
  void Add(base::Nanos start, std::string_view line);
  // Those that are left, oldest first; it is empty afterwards.
  std::vector<std::string> Take();

 private:
  const uint64_t count_;
  std::multimap<base::Nanos, std::string> by_start_;
};

}  // namespace traffictap::cli
