// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/line_pieces.h"

#include <limits.h>

#include <algorithm>

namespace traffictap::sinks {

void LinePieces::Add(const traffic::JsonLine& line) {
  Append(line.start);
  Append(line.tap);
  Append(line.rest);
}

void LinePieces::Append(std::string_view piece) {
  if (piece.empty()) return;
  bytes_ += piece.size();
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<const char*>(last.iov_base) + last.iov_len == piece.data()) {
      last.iov_len += piece.size();
      return;
    }
  }
  pieces_.push_back({const_cast<char*>(piece.data()), piece.size()});
}

ssize_t LinePieces::Write(int fd, size_t done) {
  while (first_ < pieces_.size() && skipped_ < done) {
    iovec& piece = pieces_[first_];
    const size_t gone = std::min(piece.iov_len, done - skipped_);
    piece.iov_base = static_cast<char*>(piece.iov_base) + gone;
    piece.iov_len -= gone;
    skipped_ += gone;
    if (piece.iov_len == 0) ++first_;
  }
  const size_t count = std::min<size_t>(pieces_.size() - first_, IOV_MAX);
  return writev(fd, pieces_.data() + first_, static_cast<int>(count));
}

}  // namespace traffictap::sinks
