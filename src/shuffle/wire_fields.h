// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "traffic/byte_codec.h"

// Protobuf's wire format, as far as the messages of the shuffle's topics use it: they are written and read by hand.
namespace traffictap::shuffle {

// The wire types of protobuf.
inline constexpr uint64_t kVarint = 0;
inline constexpr uint64_t kFixed64 = 1;
inline constexpr uint64_t kBytes = 2;
inline constexpr uint64_t kFixed32 = 5;

inline void PutNumber(uint64_t field, uint64_t value, traffic::ByteWriter* out) {
  out->Number(field << 3 | kVarint);
  out->Number(value);
}

inline void PutFixed(uint64_t field, uint64_t value, size_t bytes, traffic::ByteWriter* out) {
  out->Number(field << 3 | (bytes == 8 ? kFixed64 : kFixed32));
  out->Fixed(value, bytes);
}

inline void PutBytes(uint64_t field, std::string_view bytes, traffic::ByteWriter* out) {
  out->Number(field << 3 | kBytes);
  out->Text(bytes);
}

// A field of a message: its number, and its value by its wire type.
struct Field {
  uint64_t number = 0;
  uint64_t type = 0;
  uint64_t value = 0;
  std::string_view bytes;

  bool Is(uint64_t wanted, uint64_t wanted_type) const {
    return number == wanted && type == wanted_type;
  }
};

// Calls visit(field) for each field of the message; those that nobody knows are the caller's to pass
// over.
void ForEachField(std::string_view message, traffic::ByteReader* faults, auto visit) {
  traffic::ByteReader in(message);
  while (in.ok() && !in.AtEnd()) {
    const uint64_t tag = in.Number();
    Field field;
    field.number = tag >> 3;
    field.type = tag & 7;
    switch (field.type) {
      case kVarint: field.value = in.Number(); break;
      case kFixed64: field.value = in.Fixed(8); break;
      case kBytes: field.bytes = in.Text(); break;
      case kFixed32: field.value = in.Fixed(4); break;
      default: in.Fail("a field has no wire type");
    }
    if (in.ok()) visit(field);
  }
  if (!in.ok()) faults->Fail(in.fault());
}

}  // namespace traffictap::shuffle
