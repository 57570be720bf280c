// SPDX-License-Identifier: Apache-2.0
#include "shuffle/proxy_state.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "shuffle/wire_fields.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {
namespace {

using traffic::ByteReader;
using traffic::ByteWriter;

constexpr const char* kWhat = "a proxy's state";

// The fields of proxy_state.proto.
enum HeaderField : uint64_t { kMajor = 1, kMinor };
enum BodyField : uint64_t { kReceiver = 1, kNode, kStreams, kFirstOpened, kLastLoss, kLastSeen };

uint32_t Clamped(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}

std::string EncodeBody(const ProxyState& state) {
  const auto& proxy = state.proxy;
  ByteWriter out;
  PutBytes(kReceiver, state.receiver, &out);
  PutBytes(kNode, EncodeNode(*proxy.node), &out);
  PutNumber(kStreams, proxy.streams, &out);
  PutNumber(kFirstOpened, static_cast<uint64_t>(proxy.first_opened), &out);
  if (proxy.last_loss != pairing::RemoteProxy::kNever) {
    PutNumber(kLastLoss, static_cast<uint64_t>(proxy.last_loss), &out);
  }
  PutNumber(kLastSeen, static_cast<uint64_t>(proxy.last_seen), &out);
  return out.Take();
}

ProxyState ReadBody(std::string_view bytes, ByteReader* faults) {
  ProxyState out;
  std::shared_ptr<traffic::Node> node;
  ForEachField(bytes, faults, [&](const Field& field) {
    if (field.Is(kReceiver, kBytes)) out.receiver = field.bytes;
    if (field.Is(kNode, kBytes) && field.bytes.size() > kProxyNodeBytesMax) {
      faults->Fail("its proxy says too much of itself");
    } else if (field.Is(kNode, kBytes)) {
      node = DecodeNode(field.bytes, faults);
    }
    if (field.Is(kStreams, kVarint)) out.proxy.streams = Clamped(field.value);
    const auto time = static_cast<base::Nanos>(field.value);
    if (field.Is(kFirstOpened, kVarint)) out.proxy.first_opened = time;
    if (field.Is(kLastLoss, kVarint)) out.proxy.last_loss = time;
    if (field.Is(kLastSeen, kVarint)) out.proxy.last_seen = time;
  });
  if (!faults->ok()) return out;
  if (node == nullptr) {
    faults->Fail("it names no proxy");
  } else if (node->addresses.size() > kProxyAddressesMax) {
    faults->Fail("its proxy has too many addresses");
  } else if (out.receiver.empty() || out.receiver.size() > kReceiverBytesMax) {
    faults->Fail("it names no receiver");
  }
  out.proxy.node = std::move(node);
  return out;
}

}  // namespace

traffic::NodePtr PlacesOf(const traffic::Node& node) {
  auto out = std::make_shared<traffic::Node>();
  // The id is the key of one without an address.
  out->id = node.id;
  out->ip = node.ip;
  out->network = node.network;
  out->addresses = node.addresses;
  return out;
}

std::string EncodeProxyState(const ProxyState& state, BlockCipher* cipher) {
  std::optional<BlockEncryption> encryption;
  if (cipher != nullptr) encryption = cipher->Next();
  ByteWriter header;
  PutNumber(kMajor, encryption ? kFormatMajorEncrypted : kFormatMajor, &header);
  PutNumber(kMinor, kFormatMinor, &header);
  if (encryption) WriteEncryption(*encryption, &header);
  const std::string head = header.Take();
  const std::string body = EncodeBody(state);
  return JoinMessage(head, encryption ? cipher->Encrypt(*encryption, head, body) : body);
}

StatusOr<ProxyState> DecodeProxyState(std::string_view bytes, BlockCipher* cipher) {
  const auto message = SplitMessage(bytes, kWhat);
  if (!message.ok()) return message.status();
  uint32_t major = 0, minor = 0;
  ByteReader faults("");
  ForEachField(message->header, &faults, [&](const Field& field) {
    if (field.Is(kMajor, kVarint)) major = Clamped(field.value);
    if (field.Is(kMinor, kVarint)) minor = Clamped(field.value);
  });
  if (!faults.ok()) return Torn(kWhat, faults.fault());
  TT_RETURN_IF_ERROR(CheckFormat(major, minor, kWhat));
  std::optional<BlockEncryption> encryption;
  if (major == kFormatMajorEncrypted) encryption = ReadEncryption(message->header, &faults);
  if (!faults.ok()) return Torn(kWhat, faults.fault());
  std::string decrypted;
  const auto body = PlainBody(*message, encryption, kWhat, cipher, &decrypted);
  if (!body.ok()) return body.status();
  ProxyState out = ReadBody(*body, &faults);
  if (!faults.ok()) return Torn(kWhat, faults.fault());
  return out;
}

}  // namespace traffictap::shuffle
