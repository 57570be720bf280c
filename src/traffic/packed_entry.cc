// SPDX-License-Identifier: Apache-2.0
#include "traffic/packed_entry.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace traffictap::traffic {
namespace {

constexpr size_t kVersionDigit = 14;

uint16_t CutLength(std::string_view text) {
  return static_cast<uint16_t>(std::min(text.size(), AccessEntry::kTextBytesMax));
}

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

const char* TextBytes(const PackedEntry& packed) {
  return reinterpret_cast<const char*>(&packed + 1);
}

uint64_t Mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

uint64_t LoadWord(const char* bytes, size_t count) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

}  // namespace

std::string_view PackedEntry::text(Text which) const {
  size_t offset = 0;
  const auto index = static_cast<size_t>(which);
  for (size_t i = 0; i < index; ++i) offset += text_lengths[i];
  return {TextBytes(*this) + offset, text_lengths[index]};
}

size_t PackedSize(const AccessEntry& entry) {
  size_t size = sizeof(PackedEntry);
  for (const auto text : entry.texts) size += CutLength(text);
  return (size + alignof(PackedEntry) - 1) / alignof(PackedEntry) * alignof(PackedEntry);
}

PackedEntry* Pack(const AccessEntry& entry, void* out) {
  return Pack(entry, HashRequestId(entry.text(Text::kRequestId)), out);
}

PackedEntry* Pack(const AccessEntry& entry, uint64_t request_id_hash, void* out) {
  auto* packed = new (out) PackedEntry;
  packed->facts = entry.facts;
  packed->request_id_hash = request_id_hash;
  packed->arrival = 0;
  packed->node = nullptr;
  packed->path_mark = 0;
  char* next = reinterpret_cast<char*>(packed + 1);
  for (size_t i = 0; i < kTextCount; ++i) {
    const uint16_t length = CutLength(entry.texts[i]);
    packed->text_lengths[i] = length;
    if (length > 0) std::memcpy(next, entry.texts[i].data(), length);
    next += length;
  }
  packed->bytes = static_cast<uint32_t>(PackedSize(entry));
  return packed;
}

AccessEntry Unpack(const PackedEntry& packed) {
  AccessEntry entry;
  entry.facts = packed.facts;
  const char* next = TextBytes(packed);
  for (size_t i = 0; i < kTextCount; ++i) {
    entry.texts[i] = {next, packed.text_lengths[i]};
    next += packed.text_lengths[i];
  }
  return entry;
}

const SocketAddress& FarAddress(const PackedEntry& entry) {
  const EntryFacts& facts = entry.facts;
  const bool of_tunnel = facts.reporter == Reporter::kDestination &&
                         !facts.downstream_direct_remote.present() &&
                         entry.text(Text::kForwardedFor).empty();
  return of_tunnel ? facts.downstream_remote : PeerAddress(entry);
}

uint64_t HashRequestId(std::string_view request_id) {
  if (request_id.empty()) return 0;
  uint64_t hash = 0x9e3779b97f4a7c15ULL ^ request_id.size();
  for (size_t at = 0; at < request_id.size(); at += 8) {
    const size_t count = std::min<size_t>(8, request_id.size() - at);
    uint64_t word = LoadWord(request_id.data() + at, count);
    if (at <= kVersionDigit && kVersionDigit < at + 8) {
      word &= ~(uint64_t{0xff} << (8 * (kVersionDigit - at)));
    }
    hash = Mix(hash ^ word) * 0x9e3779b97f4a7c15ULL;
  }
  hash = Mix(hash);
  return hash == 0 ? 1 : hash;
}

bool IsUuid(std::string_view id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !IsHexDigit(id[i])) return false;
  }
  return true;
}

std::string_view StablePart(std::string_view id) {
  return IsUuid(id) ? id.substr(kVersionDigit + 1) : id;
}

}  // namespace traffictap::traffic
