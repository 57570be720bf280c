// SPDX-License-Identifier: Apache-2.0
#include "als/decode_peer.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "als/decode_values.h"
#include "als/wire_reader.h"

namespace traffictap::als {
namespace {

// google.protobuf.Value: its string_value, or nothing for another kind.
std::string_view TextValue(std::string_view bytes) {
  WireReader reader(bytes);
  std::string_view text;
  while (reader.Next()) {
    if (reader.field() == 3) {
      text = reader.Bytes();
    } else {
      reader.Skip();
    }
  }
  return reader.ok() ? text : std::string_view();
}

PeerNames FromStruct(std::string_view bytes) {
  PeerNames out;
  WireReader fields(bytes);
  while (fields.Next()) {
    if (fields.field() != 1) {
      fields.Skip();
      continue;
    }
    std::string_view name;
    std::string_view value;
    if (!DecodeMapEntry(fields.Bytes(), &name, &value)) break;
    if (name == "workload") out.workload = TextValue(value);
    if (name == "namespace") out.ns = TextValue(value);
  }
  return out;
}

// A FlatBuffers table (flatbuffers.dev/internals), every step checked against the buffer's end.
class FlatTable {
 public:
  // Field numbers of FlatNode, in the order of its schema.
  static constexpr size_t kNamespace = 1;
  static constexpr size_t kWorkloadName = 4;

  explicit FlatTable(std::string_view buffer) : buffer_(buffer) {
    const auto root = Read<uint32_t>(0);
    const auto back = root ? Read<int32_t>(*root) : std::nullopt;
    const int64_t vtable = back ? static_cast<int64_t>(*root) - *back : -1;
    if (vtable < 0) return;
    table_ = *root;
    vtable_ = static_cast<uint64_t>(vtable);
    vtable_bytes_ = Read<uint16_t>(vtable_).value_or(0);
  }

  std::string_view Text(size_t field) const {
    const size_t slot = 4 + 2 * field;
    const auto offset = slot + 2 <= vtable_bytes_ ? Read<uint16_t>(vtable_ + slot) : std::nullopt;
    if (!offset || *offset == 0) return {};
    const uint64_t at = table_ + *offset;
    const auto forward = Read<uint32_t>(at);
    const auto size = forward ? Read<uint32_t>(at + *forward) : std::nullopt;
    if (!size) return {};
    const uint64_t begin = at + *forward + 4;
    if (*size > buffer_.size() - begin) return {};
    return buffer_.substr(begin, *size);
  }

 private:
  template <typename Number>
  std::optional<Number> Read(uint64_t at) const {
    if (buffer_.size() < sizeof(Number) || at > buffer_.size() - sizeof(Number)) return {};
    Number out;
    std::memcpy(&out, buffer_.data() + at, sizeof(out));
    return out;
  }

  const std::string_view buffer_;
  uint64_t table_ = 0;
  uint64_t vtable_ = 0;
  size_t vtable_bytes_ = 0;  // 0: no table there
};

// google.protobuf.BytesValue or StringValue.
std::string_view WrappedBytes(std::string_view wrapper) {
  WireReader reader(wrapper);
  std::string_view bytes;
  while (reader.Next()) {
    if (reader.field() == 1) {
      bytes = reader.Bytes();
    } else {
      reader.Skip();
    }
  }
  return bytes;
}

PeerNames FromFlatNode(std::string_view bytes_value) {
  const FlatTable node(WrappedBytes(bytes_value));
  return {node.Text(FlatTable::kWorkloadName), node.Text(FlatTable::kNamespace)};
}

}  // namespace

PeerNames DecodePeerObject(std::string_view any) {
  std::string_view type;
  std::string_view object;
  // Any is {type_url = 1, value = 2}, laid out as a map's entry is.
  if (!DecodeMapEntry(any, &type, &object)) return {};
  if (type.ends_with("/google.protobuf.Struct")) return FromStruct(object);
  if (type.ends_with("/google.protobuf.BytesValue")) return FromFlatNode(object);
  return {};
}

std::string_view DecodePrincipalObject(std::string_view any) {
  std::string_view type;
  std::string_view object;
  if (!DecodeMapEntry(any, &type, &object)) return {};
  if (!type.ends_with("/google.protobuf.StringValue")) return {};
  const std::string_view principal = WrappedBytes(object);
  return principal.starts_with("spiffe://") ? principal : std::string_view();
}

}  // namespace traffictap::als
