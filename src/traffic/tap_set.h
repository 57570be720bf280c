// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace traffictap::traffic {

// A set of taps, each known by its slot in the tap table. A plain value of 128 bytes: set algebra
// over all taps costs the same however many there are.
class TapSet {
 public:
  static constexpr size_t kTapsMax = 1024;

  void Add(size_t slot) { words_[slot / 64] |= uint64_t{1} << (slot % 64); }
  bool Contains(size_t slot) const { return (words_[slot / 64] >> (slot % 64)) & 1; }

  bool empty() const {
    uint64_t any = 0;
    for (const uint64_t word : words_) any |= word;
    return any == 0;
  }

  TapSet& operator&=(const TapSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  TapSet& operator|=(const TapSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  TapSet& operator-=(const TapSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  friend TapSet operator&(TapSet a, const TapSet& b) { return a &= b; }
  friend TapSet operator|(TapSet a, const TapSet& b) { return a |= b; }
  friend TapSet operator-(TapSet a, const TapSet& b) { return a -= b; }
  friend bool operator==(const TapSet&, const TapSet&) = default;

  // Calls visit(slot) for each member, lowest first.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  std::array<uint64_t, kTapsMax / 64> words_{};
};

}  // namespace traffictap::traffic
