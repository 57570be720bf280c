// SPDX-License-Identifier: Apache-2.0
#include "tap/parse_fault.h"

#include "fmt/format.h"

namespace traffictap::tap {

std::string ParseError::ToString() const {
  const std::string where = line > 0 ? fmt::format("{}:{}", file, line) : file;
  const std::string what = field.empty() ? reason : fmt::format("{}: {}", field, reason);
  return fmt::format("{}: {}: {}", where, what, message);
}

}  // namespace traffictap::tap
