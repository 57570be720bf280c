// SPDX-License-Identifier: Apache-2.0
#include "shuffle/topic_message.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "fmt/format.h"
#include "shuffle/wire_fields.h"
#include "traffic/entry_codec.h"

namespace traffictap::shuffle {
namespace {

using traffic::ByteReader;
using traffic::ByteWriter;

// The fields of half_block.proto and proxy_state.proto.
enum MessageField : uint64_t { kHeader = 1, kHeaderCrc, kBody, kBodyCrc };
enum EncryptionField : uint64_t { kKey = 11, kKeyMark, kSalt, kNumber };
enum NodeField : uint64_t { kNames = 1, kAddresses };

}  // namespace

Status Torn(const char* what, const char* why) {
  return absl::DataLossError(fmt::format("{} cannot be read: {}", what, why));
}

StatusOr<TopicMessage> SplitMessage(std::string_view bytes, const char* what) {
  if (bytes.size() > kBlockBytesMax) return Torn(what, "it is too large");
  TopicMessage out;
  ByteReader faults("");
  ForEachField(bytes, &faults, [&](const Field& field) {
    if (field.Is(kHeader, kBytes)) out.header = field.bytes;
    if (field.Is(kBody, kBytes)) out.body = field.bytes;
    if (field.Is(kHeaderCrc, kFixed32)) out.header_crc = field.value;
    if (field.Is(kBodyCrc, kFixed32)) out.body_crc = field.value;
  });
  // A fault behind the header: what it says still counts.
  if (!faults.ok() && out.header.empty()) return Torn(what, faults.fault());
  if (base::Crc32c(out.header) != out.header_crc) {
    return Torn(what, "the checksum of its header differs");
  }
  return out;
}

std::string JoinMessage(std::string_view header, std::string_view body) {
  ByteWriter out;
  PutBytes(kHeader, header, &out);
  PutFixed(kHeaderCrc, base::Crc32c(header), 4, &out);
  PutBytes(kBody, body, &out);
  PutFixed(kBodyCrc, base::Crc32c(body), 4, &out);
  return out.Take();
}

Status CheckFormat(uint32_t major, uint32_t minor, const char* what) {
  if (major > kFormatMajorEncrypted) {
    return absl::UnimplementedError(
        fmt::format("{} has format {}.{}, this build reads {}.x and {}.x: update pairers before "
                    "receivers",
                    what, major, minor, kFormatMajor, kFormatMajorEncrypted));
  }
  return major < kFormatMajor ? Torn(what, "it names no format") : absl::OkStatus();
}

void WriteEncryption(const BlockEncryption& encryption, ByteWriter* out) {
  PutBytes(kKey, encryption.key, out);
  PutFixed(kKeyMark, encryption.key_mark, 8, out);
  PutBytes(kSalt, encryption.salt, out);
  PutNumber(kNumber, encryption.number, out);
}

BlockEncryption ReadEncryption(std::string_view header, ByteReader* faults) {
  BlockEncryption out;
  ForEachField(header, faults, [&](const Field& field) {
    if (field.Is(kKey, kBytes)) out.key = field.bytes;
    if (field.Is(kKeyMark, kFixed64)) out.key_mark = field.value;
    if (field.Is(kSalt, kBytes)) out.salt = field.bytes;
    if (field.Is(kNumber, kVarint)) out.number = field.value;
  });
  if (!IsBlockKeyId(out.key) || out.salt.size() != kSaltBytes) {
    faults->Fail("a value of its encryption is out of range");
  }
  return out;
}

StatusOr<std::string_view> PlainBody(const TopicMessage& message,
                                     const std::optional<BlockEncryption>& encryption,
                                     const char* what, BlockCipher* cipher,
                                     std::string* decrypted) {
  if (encryption && cipher == nullptr) {
    return absl::FailedPreconditionError(
        fmt::format("{} is encrypted with key \"{}\": set --shuffle-encryption to a folder with it",
                    what, encryption->key));
  }
  if (!encryption && cipher != nullptr && !cipher->accepts_plain()) {
    return absl::UnauthenticatedError("it is not encrypted, and --shuffle-accept-plain is not set");
  }
  if (base::Crc32c(message.body) != message.body_crc) {
    return Torn(what, "the checksum of its body differs");
  }
  if (!encryption) return message.body;
  auto body = cipher->Decrypt(*encryption, message.header, message.body);
  if (!body.ok()) return body.status();
  *decrypted = *std::move(body);
  return *decrypted;
}

std::string EncodeNode(const traffic::Node& node) {
  ByteWriter names;
  traffic::WriteNode(node, &names);
  ByteWriter out;
  PutBytes(kNames, names.Take(), &out);
  for (const auto& address : node.addresses) {
    if (!address.present()) continue;
    // WriteAddress writes the length that a field of bytes begins with.
    out.Number(kAddresses << 3 | kBytes);
    traffic::WriteAddress(address, &out);
  }
  return out.Take();
}

std::shared_ptr<traffic::Node> DecodeNode(std::string_view bytes, ByteReader* faults) {
  auto out = std::make_shared<traffic::Node>();
  ForEachField(bytes, faults, [&](const Field& field) {
    if (field.Is(kNames, kBytes)) {
      ByteReader in(field.bytes);
      traffic::ReadNode(&in, out.get());
      if (!in.ok()) faults->Fail(in.fault());
    }
    if (field.Is(kAddresses, kBytes)) {
      ByteWriter framed;
      framed.Text(field.bytes);
      const std::string address = framed.Take();
      ByteReader in(address);
      out->addresses.push_back(traffic::ReadAddress(&in));
      if (!in.ok()) faults->Fail(in.fault());
    }
  });
  return out;
}

}  // namespace traffictap::shuffle
