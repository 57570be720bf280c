// SPDX-License-Identifier: Apache-2.0
#include "kube/line_splitter.h"

#include "fmt/format.h"

namespace traffictap::kube {

Status LineSplitter::Feed(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > line_bytes_max_) {
      return absl::ResourceExhaustedError(
          fmt::format("read line: longer than {} bytes", line_bytes_max_));
    }
    rest_.append(piece);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (!rest_.empty()) TT_RETURN_IF_ERROR(on_line(rest_));
    rest_.clear();
  }
  return absl::OkStatus();
}

}  // namespace traffictap::kube
