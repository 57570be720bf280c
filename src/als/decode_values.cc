// SPDX-License-Identifier: Apache-2.0
#include "als/decode_values.h"

#include "als/wire_reader.h"

namespace traffictap::als {
namespace {

bool DecodeSocketAddress(std::string_view bytes, traffic::SocketAddress* out) {
  WireReader reader(bytes);
  std::string_view ip;
  uint64_t port = 0;
  while (reader.Next()) {
    switch (reader.field()) {
      case 2: ip = reader.Bytes(); break;
      case 3: port = reader.Varint(); break;
      default: reader.Skip();
    }
  }
  if (!reader.ok()) return false;
  if (port > UINT16_MAX) return true;
  *out = traffic::ParseSocketAddress(ip, static_cast<uint16_t>(port))
             .value_or(traffic::SocketAddress{});
  return true;
}

// An endpoint behind an internal listener: its id is the address that the tunnel leads to (Istio's
// connect_originate), or nothing that can be read.
bool DecodeInternalAddress(std::string_view bytes, traffic::SocketAddress* out) {
  WireReader reader(bytes);
  std::string_view endpoint;
  while (reader.Next()) {
    if (reader.field() == 2 && reader.is_bytes()) {
      endpoint = reader.Bytes();
    } else {
      reader.Skip();
    }
  }
  if (!reader.ok()) return false;
  *out = traffic::ParseSocketAddress(endpoint).value_or(traffic::SocketAddress{});
  return true;
}

}  // namespace

bool DecodeSecondsNanos(std::string_view bytes, base::Nanos* out) {
  WireReader reader(bytes);
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  while (reader.Next()) {
    switch (reader.field()) {
      case 1: seconds = reader.Varint(); break;
      case 2: nanos = reader.Varint(); break;
      default: reader.Skip();
    }
  }
  // Read as unsigned, so that a negative number is too large as well.
  constexpr auto kSecondsMax = static_cast<uint64_t>(kTimeMax / base::kSecond);
  if (seconds < kSecondsMax && nanos < static_cast<uint64_t>(base::kSecond)) {
    *out = static_cast<base::Nanos>(seconds * base::kSecond + nanos);
  }
  return reader.ok();
}

bool DecodeWrappedNumber(std::string_view bytes, uint64_t* out) {
  WireReader reader(bytes);
  *out = 0;
  while (reader.Next()) {
    if (reader.field() == 1) {
      *out = reader.Varint();
    } else {
      reader.Skip();
    }
  }
  return reader.ok();
}

bool DecodeAddress(std::string_view bytes, traffic::SocketAddress* out) {
  WireReader reader(bytes);
  *out = {};
  while (reader.Next()) {
    if (reader.field() == 1 && reader.is_bytes()) {
      if (!DecodeSocketAddress(reader.Bytes(), out)) return false;
    } else if (reader.field() == 3 && reader.is_bytes()) {
      if (!DecodeInternalAddress(reader.Bytes(), out)) return false;
    } else {
      reader.Skip();
    }
  }
  return reader.ok();
}

bool DecodeResponseFlags(std::string_view bytes, traffic::ResponseFlags* out) {
  WireReader reader(bytes);
  while (reader.Next()) {
    const uint32_t field = reader.field();
    // Field 13 is a message (unauthorized_details), all others are booleans.
    const bool set = reader.is_bytes() ? (reader.Bytes(), true) : reader.Varint() != 0;
    if (set && field <= traffic::kResponseFlagMax)
      out->Add(static_cast<traffic::ResponseFlag>(field));
  }
  return reader.ok();
}

bool DecodeMapEntry(std::string_view bytes, std::string_view* key, std::string_view* value) {
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1: *key = reader.Bytes(); break;
      case 2: *value = reader.Bytes(); break;
      default: reader.Skip();
    }
  }
  return reader.ok();
}

}  // namespace traffictap::als
