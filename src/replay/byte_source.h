// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace traffictap::replay {

// Bytes of a file from front to back. Used by one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the front of `to`; 0 at the end. kDataLoss: what is compressed ends too early or is
  // damaged; what came before it was good. kUnavailable: it cannot be read.
  virtual StatusOr<size_t> Read(std::span<char> to) = 0;
};

// Opens `path`, "-" for standard input, and decompresses gzip and zstd, also several members one
// after the other. UTF-16 behind a byte order mark comes as UTF-8 without one. kNotFound, kPermissionDenied, kInvalidArgument (a directory).
StatusOr<std::unique_ptr<ByteSource>> OpenBytes(const std::string& path);

}  // namespace traffictap::replay
