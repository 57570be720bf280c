// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "traffic/record_batch.h"

namespace traffictap::sinks {

// Lines that are written from where they lie, without a copy: the text of a record is shared with the
// outputs of other taps, and the end of one line often lies before the start of the next one.
class LinePieces {
 public:
  // What `line` refers to outlives the last Write.
  void Add(const traffic::JsonLine& line);
  size_t bytes() const { return bytes_; }

  // One call of writev(2) with what comes after the first `done` bytes, which never go back. Returns
  // how much the kernel took, or -1 with errno.
  ssize_t Write(int fd, size_t done);

 private:
  void Append(std::string_view piece);

  std::vector<iovec> pieces_;
  size_t bytes_ = 0;
  size_t first_ = 0;    // of pieces_: not written yet
  size_t skipped_ = 0;  // bytes before it, and those of it that are gone from it
};

}  // namespace traffictap::sinks
