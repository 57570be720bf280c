// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/crc32c.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {

// What half_block.proto makes of any field, to write blocks that no encoder writes.
inline std::string RawNumber(uint64_t field, uint64_t value) {
  traffic::ByteWriter out;
  out.Number(field << 3);
  out.Number(value);
  return out.Take();
}

inline std::string RawBytes(uint64_t field, std::string_view bytes) {
  traffic::ByteWriter out;
  out.Number(field << 3 | 2);
  out.Text(bytes);
  return out.Take();
}

inline std::string RawFixed32(uint64_t field, uint32_t value) {
  traffic::ByteWriter out;
  out.Number(field << 3 | 5);
  out.Fixed(value, 4);
  return out.Take();
}

// A message whose checksums fit.
inline std::string RawBlock(std::string_view header, std::string_view body) {
  return RawBytes(1, header) + RawFixed32(2, base::Crc32c(header)) + RawBytes(3, body) +
         RawFixed32(4, base::Crc32c(body));
}

// The two parts of a message, as RawBlock takes them.
struct RawParts {
  explicit RawParts(const std::string& bytes) {
    traffic::ByteReader in(bytes);
    in.Number();
    header = in.Text();
    in.Number();
    in.Fixed(4);
    in.Number();
    body = in.Text();
  }
  std::string header, body;
};

// HalfBlockHeader of this build's format.
inline std::string RawHeader(uint32_t count) {
  return RawNumber(1, 1) + RawBytes(3, "receiver") + RawNumber(6, 1) + RawNumber(7, count);
}

}  // namespace traffictap::shuffle
