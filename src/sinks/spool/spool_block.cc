// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_block.h"

#include "base/crc32c.h"

namespace traffictap::sinks {
namespace {

constexpr std::string_view kMagic = "TTB1";
constexpr size_t kHeadCrcAt = BlockHead::kBytes - 4;

void AppendNumber(uint64_t number, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t out = 0;
  for (size_t i = bytes.size(); i > 0; --i) out = out << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return out;
}

}  // namespace

std::optional<BlockHead> BlockHead::Read(std::string_view bytes) {
  if (bytes.size() < kBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  if (ReadNumber(bytes.substr(kHeadCrcAt, 4)) != base::Crc32c(bytes.substr(0, kHeadCrcAt))) {
    return std::nullopt;
  }
  BlockHead out;
  out.size = static_cast<uint32_t>(ReadNumber(bytes.substr(4, 4)));
  out.records = static_cast<uint32_t>(ReadNumber(bytes.substr(8, 4)));
  out.wall = static_cast<base::Nanos>(ReadNumber(bytes.substr(12, 8)));
  out.crc = static_cast<uint32_t>(ReadNumber(bytes.substr(20, 4)));
  return out;
}

bool BlockHead::Fits(std::string_view bytes) const {
  return bytes.size() == size && base::Crc32c(bytes) == crc;
}

std::string MakeBlock(std::string_view bytes, uint32_t records, base::Nanos wall) {
  std::string out;
  out.reserve(BlockHead::kBytes + bytes.size());
  out += kMagic;
  AppendNumber(bytes.size(), 4, &out);
  AppendNumber(records, 4, &out);
  AppendNumber(static_cast<uint64_t>(wall), 8, &out);
  AppendNumber(base::Crc32c(bytes), 4, &out);
  AppendNumber(base::Crc32c(out), 4, &out);
  out += bytes;
  return out;
}

}  // namespace traffictap::sinks
