// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "base/status.h"
#include "tap/output_spec.h"

namespace traffictap::sinks {

// What a file that Compress has written holds, from front to back. Used by one thread.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Fills the front of `to`; 0 at the end. kDataLoss: damaged, or cut off; kUnavailable: it cannot be
  // read.
  virtual StatusOr<size_t> Read(std::span<char> to) = 0;
};

// Reads from where `fd` stands, which stays open, outlives the decoder and is not read by others.
std::unique_ptr<Decoder> MakeDecoder(tap::Compression compression, int fd);

// kZstd for "….zst", kGzip for "….gz".
tap::Compression CompressionOf(std::string_view file);

}  // namespace traffictap::sinks
