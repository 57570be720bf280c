// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace traffictap::sinks {

// What stands before the bytes of a block, in a segment of a spool. 28 bytes, little-endian: "TTB1",
// the size of the bytes (4), how many records they are (4), when they came (8, Unix epoch), their
// CRC-32C (4), and the CRC-32C of all that before (4).
struct BlockHead {
  static constexpr size_t kBytes = 28;

  uint32_t size = 0;
  uint32_t records = 0;
  base::Nanos wall = 0;
  uint32_t crc = 0;  // of the bytes

  // nullopt: no head, or an altered one.
  static std::optional<BlockHead> Read(std::string_view bytes);
  // Whether `bytes` are the block's.
  bool Fits(std::string_view bytes) const;
  // What the block takes in the file.
  uint64_t block_size() const { return kBytes + size; }
};

// The whole block, head first.
std::string MakeBlock(std::string_view bytes, uint32_t records, base::Nanos wall);

}  // namespace traffictap::sinks
