#include "replay/line_reader.h"

#include <algorithm>

namespace traffictap::replay {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;

}  // namespace

Status LineReader::Fill() {
  bytes_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  if (bytes_.size() > kLineBytesMax) {
    too_long_ += skipping_ ? 0 : 1;
    skipping_ = true;
    bytes_.clear();
    searched_ = 0;
  }
  const size_t size = bytes_.size();
  bytes_.resize(size + kBlockBytes);
  const auto count = source_->Read({bytes_.data() + size, kBlockBytes});
  bytes_.resize(size + (count.ok() ? *count : 0));
  ended_ = !count.ok() || *count == 0;
  return count.status();
}

StatusOr<bool> LineReader::Next(std::string_view* line) {
  while (true) {
    const size_t end = bytes_.find('\n', searched_);
    if (end != std::string::npos) {
      *line = std::string_view(bytes_).substr(begin_, end - begin_);
      begin_ = searched_ = end + 1;
      if (!skipping_) return true;
      skipping_ = false;
      continue;
    }
    searched_ = bytes_.size();
    if (ended_) break;
    TT_RETURN_IF_ERROR(Fill());
  }
  if (begin_ == bytes_.size() || skipping_) return false;
  *line = std::string_view(bytes_).substr(begin_);
  begin_ = bytes_.size();
  return true;
}

}  // namespace traffictap::replay
