// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace traffictap::als {

// Reads protobuf's wire format (protobuf.dev/programming-guides/encoding) field by field, without
// copying. After a fault ok() is false and Next() ends the loop:
//
//   WireReader reader(bytes);
//   while (reader.Next()) {
//     switch (reader.field()) {
//       case 1: text = reader.Bytes(); break;
//       default: reader.Skip();
//     }
//   }
//   return reader.ok();
//
// Each Next() must be followed by exactly one of Varint, Bytes or Skip. A field whose wire
// type is not the one read is a fault only if it cannot be skipped; then the value is empty, as
// generated code treats it as unknown.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool Next() {
    if (!ok_ || at_ == end_) return false;
    const uint64_t tag = RawVarint();
    if (!ok_ || tag > UINT32_MAX || (tag >> 3) == 0) return Fail();
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<uint32_t>(tag & 7);
    return true;
  }

  uint32_t field() const { return field_; }
  bool ok() const { return ok_; }
  bool is_bytes() const { return type_ == 2; }

  uint64_t Varint() {
    if (type_ == 0) return RawVarint();
    Skip();
    return 0;
  }

  std::string_view Bytes() {
    if (type_ != 2) {
      Skip();
      return {};
    }
    const uint64_t size = RawVarint();
    if (!ok_ || size > static_cast<uint64_t>(end_ - at_)) {
      Fail();
      return {};
    }
    const std::string_view out(at_, size);
    at_ += size;
    return out;
  }

  void Skip() { SkipField(type_, field_, 0); }

 private:
  static constexpr int kGroupDepthMax = 100;

  bool Fail() {
    ok_ = false;
    return false;
  }

  uint64_t RawVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) break;
      const auto byte = static_cast<uint8_t>(*at_++);
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }

  void Advance(size_t count) {
    if (static_cast<size_t>(end_ - at_) < count) {
      Fail();
    } else {
      at_ += count;
    }
  }

  void SkipField(uint32_t type, uint32_t field, int depth) {
    switch (type) {
      case 0: RawVarint(); return;
      case 1: Advance(8); return;
      case 2: {
        const uint64_t size = RawVarint();
        if (ok_ && size <= static_cast<uint64_t>(end_ - at_)) {
          at_ += size;
        } else {
          Fail();
        }
        return;
      }
      case 3: SkipGroup(field, depth + 1); return;
      case 5: Advance(4); return;
      default: Fail();
    }
  }

  void SkipGroup(uint32_t group, int depth) {
    while (ok_ && depth < kGroupDepthMax) {
      const uint64_t tag = RawVarint();
      if (!ok_ || tag > UINT32_MAX || (tag >> 3) == 0) break;
      const auto field = static_cast<uint32_t>(tag >> 3);
      if ((tag & 7) == 4) {
        if (field != group) Fail();
        return;
      }
      SkipField(static_cast<uint32_t>(tag & 7), field, depth);
    }
    Fail();
  }

  const char* at_;
  const char* const end_;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
  bool ok_ = true;
};

}  // namespace traffictap::als
