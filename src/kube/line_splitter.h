// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::kube {

// Cuts a stream of bytes that arrive in any pieces into lines.
class LineSplitter {
 public:
  using OnLine = std::function<Status(const std::string& line)>;

  explicit LineSplitter(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Calls `on_line` for each line that is now whole, without its line feed; empty lines are passed
  // over. The first error ends it. kResourceExhausted: a line is longer than the limit.
  Status Feed(std::string_view bytes, const OnLine& on_line);

 private:
  const size_t line_bytes_max_;
  std::string rest_;
};

}  // namespace traffictap::kube
