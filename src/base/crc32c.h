// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace traffictap::base {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4): tells bytes that a crash has torn from those that
// were written. Eight bytes at a time (slicing by 8): tables[n] has a byte with n bytes behind it.
inline uint32_t Crc32c(std::string_view bytes) {
  static constexpr auto kTables = [] {
    std::array<std::array<uint32_t, 256>, 8> tables{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) * 0x82f63b78u);
      tables[0][i] = value;
    }
    for (size_t n = 1; n < tables.size(); ++n) {
      for (size_t i = 0; i < 256; ++i) {
        const uint32_t before = tables[n - 1][i];
        tables[n][i] = (before >> 8) ^ tables[0][before & 0xff];
      }
    }
    return tables;
  }();
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<unsigned char>(bytes[i]); };
  uint32_t crc = ~0u;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    crc ^= byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    crc = kTables[7][crc & 0xff] ^ kTables[6][(crc >> 8) & 0xff] ^ kTables[5][(crc >> 16) & 0xff] ^
          kTables[4][crc >> 24] ^ kTables[3][byte(4)] ^ kTables[2][byte(5)] ^ kTables[1][byte(6)] ^
          kTables[0][byte(7)];
  }
  for (const unsigned char last : bytes) crc = kTables[0][(crc ^ last) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace traffictap::base
