// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_names.h"

#include <cstdlib>

#include "fmt/format.h"

namespace traffictap::sinks {

std::string SegmentName(uint64_t number) { return fmt::format("{:016x}.segment", number); }

std::optional<uint64_t> SegmentNumber(const std::string& name) {
  const uint64_t number = std::strtoull(name.c_str(), nullptr, 16);
  return number > 0 && SegmentName(number) == name ? std::optional(number) : std::nullopt;
}

}  // namespace traffictap::sinks
