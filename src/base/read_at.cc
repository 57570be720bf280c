// SPDX-License-Identifier: Apache-2.0
#include "base/read_at.h"

#include <unistd.h>

#include <cerrno>

namespace traffictap::base {

std::optional<std::string> ReadAt(int fd, uint64_t offset, size_t size) {
  std::string out(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t count = pread(fd, out.data() + got, size - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  out.resize(got);
  return out;
}

}  // namespace traffictap::base
