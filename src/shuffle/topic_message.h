// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "shuffle/block_cipher.h"
#include "traffic/byte_codec.h"
#include "traffic/node.h"

// What the messages of the shuffle's topics have in common: a header and a body, each with its checksum,
// of which the body may be encrypted; and how they write a proxy.
namespace traffictap::shuffle {

// Of a plain body, and of one that is encrypted: a build that cannot decrypt stops there.
constexpr uint32_t kFormatMajor = 1;
constexpr uint32_t kFormatMajorEncrypted = 2;
constexpr uint32_t kFormatMinor = 0;

// Bounds of what is read. Messages are made far smaller.
constexpr size_t kBlockBytesMax = size_t{4} << 20;
constexpr size_t kReceiverBytesMax = 256;

// Views into the message.
struct TopicMessage {
  std::string_view header;
  std::string_view body;
  uint64_t header_crc = 0;
  uint64_t body_crc = 0;
};

// `what` names the kind of message in faults. kDataLoss: it is none, or the checksum of its header is wrong;
// that of the body is PlainBody's to look at.
StatusOr<TopicMessage> SplitMessage(std::string_view bytes, const char* what);
std::string JoinMessage(std::string_view header, std::string_view body);

// kDataLoss: something of that kind cannot be read.
Status Torn(const char* what, const char* why);
// kDataLoss where a header names no format, kUnimplemented where a newer one; the message names both.
Status CheckFormat(uint32_t major, uint32_t minor, const char* what);

// The fields of a header that tell how the body is encrypted.
void WriteEncryption(const BlockEncryption& encryption, traffic::ByteWriter* out);
BlockEncryption ReadEncryption(std::string_view header, traffic::ByteReader* faults);

// The body as its writer had it; in `decrypted` where it was not plain. kDataLoss: its checksum is wrong;
// kFailedPrecondition: its key is not here; kUnauthenticated: nobody who has the key made it: it is plain where
// `cipher` takes none, or was altered.
StatusOr<std::string_view> PlainBody(const TopicMessage& message,
                                     const std::optional<BlockEncryption>& encryption,
                                     const char* what, BlockCipher* cipher, std::string* decrypted);

// A HalfBlockBody.Node.
std::string EncodeNode(const traffic::Node& node);
std::shared_ptr<traffic::Node> DecodeNode(std::string_view bytes, traffic::ByteReader* faults);

}  // namespace traffictap::shuffle
