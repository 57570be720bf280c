// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "base/clock.h"
#include "pairing/slab.h"
#include "traffic/packed_entry.h"

// A packed entry in less memory, for as long as it waits. Nearly all of its fixed part says that something
// is not there (a time, an address, a tap) or is a small number in a wide field.
namespace traffictap::pairing {

// What whoever keeps a compact entry knows of it anyway. It takes room only where the entry differs.
struct KnownOfEntry {
  const traffic::Node* node = nullptr;
  base::Nanos arrival = 0;
};

// The compact form of `entry`, which has to outlive this. A large entry is texts, and stays whole: who looks at
// it needs no copy.
class CompactEntry {
 public:
  CompactEntry(const traffic::PackedEntry& entry, const KnownOfEntry& known);

  size_t size() const;  // in bytes
  void CopyTo(std::byte* to) const;

  // In words of 8 bytes. The fixed part of a packed entry is nothing else.
  static constexpr size_t kWords = sizeof(traffic::PackedEntry) / 8;
  static_assert(kWords * 8 == sizeof(traffic::PackedEntry));
  // How many bytes each word has, half a byte each.
  using Lengths = std::array<uint64_t, (kWords + 15) / 16>;
  static constexpr size_t kWholeMin = 4096;  // bytes of an entry

 private:
  bool whole() const { return entry_.bytes >= kWholeMin; }

  const traffic::PackedEntry& entry_;
  std::array<std::byte, sizeof(traffic::PackedEntry) + 8> words_;
  size_t words_bytes_;
  Lengths lengths_{};
};

// The size of a compact entry.
size_t CompactBytes(const std::byte* compact);
// The entry itself where it is whole and `compact` is aligned as a slab's blocks are; else null.
traffic::PackedEntry* WholeEntry(std::byte* compact);
// The entry as it was, in memory of `slab`, as many bytes as it says itself. `known` is as it was then.
traffic::PackedEntry* Expand(const std::byte* compact, const KnownOfEntry& known, Slab* slab);

}  // namespace traffictap::pairing
