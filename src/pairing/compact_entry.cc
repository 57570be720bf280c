// SPDX-License-Identifier: Apache-2.0

// The fixed part is taken as words of 8 bytes: of each is kept how much it is more than in an entry that says
// nothing (a time that is not there is -1), without the bytes that are zero then at its high end. So no field is
// named here but those that have a better base, and one that is added needs no change. No word depends on
// another, and nothing is branched on: to make or to expand one takes about as long as one look at memory that is not in a cache.
// A compact entry: its size (4 bytes), the words, the texts, the words' lengths. The lengths stand last so
// that 8 bytes may be read wherever a word begins. Or, of a large entry: its size with kWhole, and at kHeadBytes
// the entry.
#include "pairing/compact_entry.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace traffictap::pairing {
namespace {

using traffic::kTextCount;
using traffic::PackedEntry;
using Words = std::array<uint64_t, CompactEntry::kWords>;

static_assert(std::endian::native == std::endian::little, "the high end of a word comes last");
static_assert(std::is_trivially_copyable_v<PackedEntry>);

using Size = uint32_t;
constexpr Size kWhole = Size{1} << 31;
constexpr size_t kHeadBytes = Slab::kGranule;
constexpr size_t kLengthsBytes = sizeof(CompactEntry::Lengths);
constexpr size_t kBitsOfLength = 4;
constexpr size_t kLengthsInOne = 64 / kBitsOfLength;
// By the length of a word: its bytes.
constexpr uint64_t kMasks[] = {0,
                               0xff,
                               0xffff,
                               0xffffff,
                               0xffffffff,
                               0xffffffffff,
                               0xffffffffffff,
                               0xffffffffffffff,
                               0xffffffffffffffff};

size_t RoundUp(size_t size) {
  return (size + alignof(PackedEntry) - 1) / alignof(PackedEntry) * alignof(PackedEntry);
}

size_t TextBytes(const PackedEntry& entry) {
  size_t out = 0;
  for (const uint16_t length : entry.text_lengths) out += length;
  return out;
}

// Nearly all texts are shorter than 256 bytes: the low bytes of all lengths, then the high ones.
void Split(std::array<uint16_t, kTextCount>* lengths) {
  std::array<uint8_t, 2 * kTextCount> bytes;
  for (size_t i = 0; i < kTextCount; ++i) {
    bytes[i] = static_cast<uint8_t>((*lengths)[i]);
    bytes[kTextCount + i] = static_cast<uint8_t>((*lengths)[i] >> 8);
  }
  std::memcpy(lengths, bytes.data(), bytes.size());
}

void Join(std::array<uint16_t, kTextCount>* lengths) {
  std::array<uint8_t, 2 * kTextCount> bytes;
  std::memcpy(bytes.data(), lengths, bytes.size());
  for (size_t i = 0; i < kTextCount; ++i) {
    (*lengths)[i] = static_cast<uint16_t>(bytes[i] | bytes[kTextCount + i] << 8);
  }
}

const Words& Nothing() {
  static const Words nothing = [] {
    static const traffic::EntryFacts facts;  // with zeros where it has padding
    Words out{};
    std::memcpy(&out, &facts, sizeof facts);
    return out;
  }();
  return nothing;
}

const traffic::Node* Moved(const traffic::Node* node, uintptr_t by) {
  return reinterpret_cast<const traffic::Node*>(reinterpret_cast<uintptr_t>(node) + by);
}

// Sums wrap: times come from the network, and what does not fit has to come back all the same.
base::Nanos Sum(base::Nanos a, uint64_t b) {
  return static_cast<base::Nanos>(static_cast<uint64_t>(a) + b);
}

// Makes of `entry`, of so many bytes, what is not known of it anyway; Complete is the reverse.
void Reduce(PackedEntry* entry, const KnownOfEntry& known, size_t bytes) {
  entry->node = Moved(entry->node, -reinterpret_cast<uintptr_t>(known.node));
  entry->arrival = Sum(entry->arrival, -static_cast<uint64_t>(known.arrival));
  entry->bytes -= static_cast<uint32_t>(bytes);
  Split(&entry->text_lengths);
}

void Complete(PackedEntry* entry, const KnownOfEntry& known, size_t bytes) {
  entry->node = Moved(entry->node, reinterpret_cast<uintptr_t>(known.node));
  entry->arrival = Sum(entry->arrival, static_cast<uint64_t>(known.arrival));
  entry->bytes += static_cast<uint32_t>(bytes);
  Join(&entry->text_lengths);
}

// The sum of 16 lengths.
size_t SumOf(uint64_t lengths) {
  constexpr uint64_t kEven = 0x0f0f0f0f0f0f0f0fULL;
  const uint64_t pairs = (lengths & kEven) + (lengths >> kBitsOfLength & kEven);
  return pairs * 0x0101010101010101ULL >> 56;
}

CompactEntry::Lengths LengthsOf(const std::byte* compact) {
  CompactEntry::Lengths out;
  std::memcpy(&out, compact + CompactBytes(compact) - kLengthsBytes, kLengthsBytes);
  return out;
}

size_t WordsBytes(const CompactEntry::Lengths& lengths) {
  size_t out = 0;
  for (const uint64_t some : lengths) out += SumOf(some);
  return out;
}

size_t ExpandedBytes(const std::byte* compact, const CompactEntry::Lengths& lengths) {
  const size_t others = sizeof(Size) + WordsBytes(lengths) + kLengthsBytes;
  return RoundUp(sizeof(PackedEntry) + CompactBytes(compact) - others);
}

}  // namespace

CompactEntry::CompactEntry(const PackedEntry& entry, const KnownOfEntry& known) : entry_(entry) {
  PackedEntry rest = entry;
  Reduce(&rest, known, RoundUp(sizeof(PackedEntry) + TextBytes(entry)));
  Words words;
  std::memcpy(&words, &rest, sizeof words);
  const Words& nothing = Nothing();
  std::byte* next = words_.data();
  for (size_t i = 0; i < kWords; ++i) {
    const uint64_t word = words[i] - nothing[i];
    const size_t length = (static_cast<size_t>(std::bit_width(word)) + 7) / 8;
    std::memcpy(next, &word, sizeof word);
    next += length;
    lengths_[i / kLengthsInOne] |= uint64_t{length} << (i % kLengthsInOne * kBitsOfLength);
  }
  words_bytes_ = static_cast<size_t>(next - words_.data());
}

size_t CompactEntry::size() const {
  if (whole()) return kHeadBytes + entry_.bytes;
  return sizeof(Size) + words_bytes_ + TextBytes(entry_) + kLengthsBytes;
}

void CompactEntry::CopyTo(std::byte* to) const {
  const Size size = static_cast<Size>(this->size());
  if (whole()) {
    const Size marked = size | kWhole;
    std::memcpy(to, &marked, sizeof marked);
    std::memcpy(to + kHeadBytes, &entry_, entry_.bytes);
    return;
  }
  std::memcpy(to, &size, sizeof size);
  std::memcpy(to + sizeof size, words_.data(), words_bytes_);
  const size_t texts = size - sizeof size - words_bytes_ - kLengthsBytes;
  std::memcpy(to + sizeof size + words_bytes_, &entry_ + 1, texts);
  std::memcpy(to + size - kLengthsBytes, &lengths_, kLengthsBytes);
}

size_t CompactBytes(const std::byte* compact) {
  Size out = 0;
  std::memcpy(&out, compact, sizeof out);
  return out & ~kWhole;
}

PackedEntry* WholeEntry(std::byte* compact) {
  Size size = 0;
  std::memcpy(&size, compact, sizeof size);
  return (size & kWhole) == 0 ? nullptr : reinterpret_cast<PackedEntry*>(compact + kHeadBytes);
}

PackedEntry* Expand(const std::byte* compact, const KnownOfEntry& known, Slab* slab) {
  Size marked = 0;
  std::memcpy(&marked, compact, sizeof marked);
  if ((marked & kWhole) != 0) {
    const size_t whole_bytes = CompactBytes(compact) - kHeadBytes;
    void* const copy = slab->Allocate(whole_bytes);
    std::memcpy(copy, compact + kHeadBytes, whole_bytes);
    return static_cast<PackedEntry*>(copy);
  }
  const CompactEntry::Lengths lengths = LengthsOf(compact);
  const size_t bytes = ExpandedBytes(compact, lengths);
  auto* const to = static_cast<std::byte*>(slab->Allocate(bytes));
  const Words& nothing = Nothing();
  const std::byte* next = compact + sizeof(Size);
  for (size_t i = 0; i < CompactEntry::kWords; ++i) {
    const size_t length = lengths[i / kLengthsInOne] >> (i % kLengthsInOne * kBitsOfLength) & 0xf;
    uint64_t word = 0;
    std::memcpy(&word, next, sizeof word);
    word = nothing[i] + (word & kMasks[length]);
    std::memcpy(to + i * sizeof word, &word, sizeof word);
    next += length;
  }
  auto* const out = reinterpret_cast<PackedEntry*>(to);
  Complete(out, known, bytes);
  std::memcpy(out + 1, next, TextBytes(*out));
  return out;
}

}  // namespace traffictap::pairing
