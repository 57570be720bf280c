// SPDX-License-Identifier: Apache-2.0
#include "shuffle/half_block.h"

#include <algorithm>
#include <utility>

#include "base/fnv1a.h"
#include "shuffle/wire_fields.h"
#include "traffic/byte_codec.h"
#include "traffic/entry_codec.h"

namespace traffictap::shuffle {
namespace {

using traffic::ByteReader;
using traffic::ByteWriter;

constexpr const char* kWhat = "a block of halves";
// Each proxy and set of taps is there for a half; without a bound they would take far more memory than
// the bytes of the block.
constexpr const char* kMoreThanHalves = "it has more than its count of halves";

// The fields of half_block.proto.
enum HeaderField : uint64_t {
  kMajor = 1,
  kMinor,
  kReceiver,
  kTapsHash,
  kPartition,
  kFirstSequence,
  kCount,
  kSealed,
  kGreatestAge,
  kBye
};
enum BodyField : uint64_t { kNodes = 1, kTapSets, kHalves };
enum TapSetField : uint64_t { kTaps = 1 };
enum HalfField : uint64_t { kNode = 1, kTapSet, kArrival, kWindow, kEntry, kPathMark };

std::string EncodeHeader(const BlockHeader& header) {
  ByteWriter out;
  PutNumber(kMajor, header.format_major, &out);
  PutNumber(kMinor, header.format_minor, &out);
  PutBytes(kReceiver, header.receiver, &out);
  PutFixed(kTapsHash, header.taps_hash, 8, &out);
  PutNumber(kPartition, header.partition, &out);
  PutNumber(kFirstSequence, header.first_sequence, &out);
  PutNumber(kCount, header.count, &out);
  PutNumber(kSealed, static_cast<uint64_t>(header.sealed), &out);
  PutNumber(kGreatestAge, static_cast<uint64_t>(header.greatest_age), &out);
  PutNumber(kBye, header.bye ? 1 : 0, &out);
  if (header.encryption) WriteEncryption(*header.encryption, &out);
  return out.Take();
}

void ReadHeader(std::string_view bytes, BlockHeader* out, ByteReader* faults) {
  uint64_t major = 0, minor = 0, partition = 0, count = 0, age = 0;
  ForEachField(bytes, faults, [&](const Field& field) {
    if (field.Is(kMajor, kVarint)) major = field.value;
    if (field.Is(kMinor, kVarint)) minor = field.value;
    if (field.Is(kReceiver, kBytes)) out->receiver = field.bytes;
    if (field.Is(kTapsHash, kFixed64)) out->taps_hash = field.value;
    if (field.Is(kPartition, kVarint)) partition = field.value;
    if (field.Is(kFirstSequence, kVarint)) out->first_sequence = field.value;
    if (field.Is(kCount, kVarint)) count = field.value;
    if (field.Is(kSealed, kVarint)) out->sealed = static_cast<base::Nanos>(field.value);
    if (field.Is(kGreatestAge, kVarint)) age = field.value;
    if (field.Is(kBye, kVarint)) out->bye = field.value != 0;
  });
  // Of another major format nothing else is known to mean the same.
  out->format_major = static_cast<uint32_t>(std::min<uint64_t>(major, UINT32_MAX));
  out->format_minor = static_cast<uint32_t>(std::min<uint64_t>(minor, UINT32_MAX));
  if (out->format_major == kFormatMajorEncrypted) out->encryption = ReadEncryption(bytes, faults);
  if (out->format_major != kFormatMajor && !out->encryption) return;
  if (partition > INT32_MAX || count > kHalvesMax || out->receiver.size() > kReceiverBytesMax) {
    faults->Fail("a value of its header is out of range");
  }
  if (out->first_sequence == 0 && !out->receiver.empty()) {
    faults->Fail("its receiver's halves are not numbered");
  }
  out->partition = static_cast<uint32_t>(partition);
  out->count = static_cast<uint32_t>(count);
  out->greatest_age = static_cast<base::Nanos>(std::min<uint64_t>(age, kAgeMax));
}

StatusOr<BlockHeader> HeaderOf(const TopicMessage& message) {
  BlockHeader out;
  ByteReader faults("");
  ReadHeader(message.header, &out, &faults);
  if (!faults.ok()) return Torn(kWhat, faults.fault());
  TT_RETURN_IF_ERROR(CheckFormat(out.format_major, out.format_minor, kWhat));
  return out;
}

void ReadNode(std::string_view bytes, Block* out, ByteReader* faults) {
  if (out->nodes.size() == out->header.count) return faults->Fail(kMoreThanHalves);
  out->nodes.push_back(DecodeNode(bytes, faults));
}

void ReadTapSet(std::string_view bytes, Block* out, ByteReader* faults) {
  if (out->tap_sets.size() == out->header.count) return faults->Fail(kMoreThanHalves);
  std::vector<uint64_t> taps;
  ForEachField(bytes, faults, [&](const Field& field) {
    if (!field.Is(kTaps, kBytes)) return;
    if (field.bytes.size() > 8 * traffic::TapSet::kTapsMax) return faults->Fail("too many taps");
    ByteReader in(field.bytes);
    while (in.ok() && !in.AtEnd()) taps.push_back(in.Fixed(8));
    if (!in.ok()) faults->Fail(in.fault());
  });
  out->tap_sets.push_back(std::move(taps));
}

void ReadHalf(std::string_view bytes, Block* out, ByteReader* faults) {
  if (out->halves.size() == out->header.count) return faults->Fail(kMoreThanHalves);
  uint64_t node = 0, tap_set = 0, arrival = 0, window = 0, path_mark = 0;
  std::string_view entry;
  ForEachField(bytes, faults, [&](const Field& field) {
    if (field.Is(kNode, kVarint)) node = field.value;
    if (field.Is(kTapSet, kVarint)) tap_set = field.value;
    if (field.Is(kArrival, kVarint)) arrival = field.value;
    if (field.Is(kWindow, kVarint)) window = field.value;
    if (field.Is(kEntry, kBytes)) entry = field.bytes;
    if (field.Is(kPathMark, kVarint)) path_mark = field.value;
  });
  if (node >= out->nodes.size() || tap_set >= out->tap_sets.size()) {
    return faults->Fail("a half names no proxy or no taps of its block");
  }
  ByteReader in(entry);
  const traffic::DecodedEntry decoded = traffic::ReadEntry(&in);
  if (!in.ok()) return faults->Fail(in.fault());
  Half half;
  half.entry = out->storage.Add(decoded.entry, decoded.request_id_hash);
  half.entry->node = out->nodes[node].get();
  half.entry->path_mark = static_cast<uint32_t>(path_mark);
  half.node = static_cast<uint32_t>(node);
  half.tap_set = static_cast<uint32_t>(tap_set);
  // Of any two numbers: no overflow.
  const uint64_t age = static_cast<uint64_t>(out->header.sealed) - arrival;
  half.age = age > INT64_MAX ? 0 : static_cast<base::Nanos>(std::min<uint64_t>(age, kAgeMax));
  half.window = static_cast<base::Nanos>(std::min<uint64_t>(window, kWindowMax));
  out->halves.push_back(half);
}

}  // namespace

uint64_t TapHash(std::string_view tap_key) { return base::Fnv1a(tap_key); }

uint32_t BlockEncoder::PlaceOf(const traffic::NodePtr& node) {
  const auto [found, fresh] = nodes_.emplace(node, static_cast<uint32_t>(nodes_.size()));
  if (!fresh) return found->second;
  ByteWriter field;
  PutBytes(kNodes, EncodeNode(*node), &field);
  dictionaries_ += field.Take();
  return found->second;
}

uint32_t BlockEncoder::PlaceOf(std::span<const uint64_t> taps) {
  const auto [found, fresh] = tap_sets_.emplace(std::vector<uint64_t>(taps.begin(), taps.end()),
                                                static_cast<uint32_t>(tap_sets_.size()));
  if (!fresh) return found->second;
  ByteWriter hashes;
  for (const uint64_t tap : taps) hashes.Fixed(tap, 8);
  ByteWriter message;
  PutBytes(kTaps, hashes.Take(), &message);
  ByteWriter field;
  PutBytes(kTapSets, message.Take(), &field);
  dictionaries_ += field.Take();
  return found->second;
}

void BlockEncoder::Add(const traffic::PackedEntry& entry, const traffic::NodePtr& node,
                       std::span<const uint64_t> taps, base::Nanos window) {
  ByteWriter message;
  PutNumber(kNode, PlaceOf(node), &message);
  PutNumber(kTapSet, PlaceOf(taps), &message);
  PutNumber(kArrival, static_cast<uint64_t>(entry.arrival), &message);
  PutNumber(kWindow, static_cast<uint64_t>(window), &message);
  ByteWriter bytes;
  traffic::WriteEntry(entry, &bytes);
  PutBytes(kEntry, bytes.Take(), &message);
  if (entry.path_mark != 0) PutNumber(kPathMark, entry.path_mark, &message);
  ByteWriter field;
  PutBytes(kHalves, message.Take(), &field);
  halves_ += field.Take();
  oldest_ = count_ == 0 ? entry.arrival : std::min(oldest_, entry.arrival);
  ++count_;
}

std::string BlockEncoder::Seal(BlockHeader header, base::Nanos now, BlockCipher* cipher) {
  header.encryption.reset();
  if (cipher != nullptr) header.encryption = cipher->Next();
  header.format_major = header.encryption ? kFormatMajorEncrypted : kFormatMajor;
  header.format_minor = kFormatMinor;
  header.count = count_;
  header.sealed = now;
  header.greatest_age = count_ == 0 ? 0 : std::clamp<base::Nanos>(now - oldest_, 0, kAgeMax);
  const std::string head = EncodeHeader(header);
  std::string body = std::exchange(dictionaries_, {}) + std::exchange(halves_, {});
  if (cipher != nullptr) body = cipher->Encrypt(*header.encryption, head, body);
  nodes_.clear();
  tap_sets_.clear();
  count_ = 0;
  oldest_ = 0;
  return JoinMessage(head, body);
}

StatusOr<BlockHeader> DecodeHeader(std::string_view bytes) {
  const auto parts = SplitMessage(bytes, kWhat);
  if (!parts.ok()) return parts.status();
  return HeaderOf(*parts);
}

StatusOr<std::unique_ptr<Block>> DecodeBlock(std::string_view bytes, BlockCipher* cipher) {
  const auto parts = SplitMessage(bytes, kWhat);
  if (!parts.ok()) return parts.status();
  auto header = HeaderOf(*parts);
  if (!header.ok()) return header.status();
  std::string decrypted;
  const auto plain = PlainBody(*parts, header->encryption, kWhat, cipher, &decrypted);
  if (!plain.ok()) return plain.status();
  auto out = std::make_unique<Block>();
  out->header = *std::move(header);
  ByteReader faults("");
  ForEachField(*plain, &faults, [&](const Field& field) {
    if (!faults.ok() || field.type != kBytes) return;
    if (field.number == kNodes) ReadNode(field.bytes, out.get(), &faults);
    if (field.number == kTapSets) ReadTapSet(field.bytes, out.get(), &faults);
    if (field.number == kHalves) ReadHalf(field.bytes, out.get(), &faults);
  });
  if (!faults.ok()) return Torn(kWhat, faults.fault());
  if (out->halves.size() != out->header.count)
    return Torn(kWhat, "it has not as many halves as it says");
  return out;
}

}  // namespace traffictap::shuffle
