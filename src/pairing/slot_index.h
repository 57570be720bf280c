// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pairing/placing.h"

namespace traffictap::pairing {

// Finds slots (small numbers) by hash keys; those of one key in the order in which they were added.
// A hash table whose chains run through a vector beside the slots: adding and removing take the
// same time however long a chain is, and nothing is allocated once the largest number of slots was
// reached. Not thread-safe.
class SlotIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kSlotBytes = 24;  // what one takes, about: its link and its bucket

  // `slot` is not in the index. With key 0 it is never found.
  void Add(uint32_t slot, uint64_t key);
  void Remove(uint32_t slot);
  size_t size() const { return size_; }  // of those with another key than 0

  // The oldest slot of `key` for which test(slot) holds, or kNone.
  template <typename Test>
  uint32_t Find(uint64_t key, Test test) const {
    if (buckets_.empty() || key == 0) return kNone;
    const uint32_t oldest = buckets_[placing_.Of(key)];
    for (uint32_t slot = oldest; slot != kNone; slot = Next(slot, oldest)) {
      if (links_[slot].key == key && test(slot)) return slot;
    }
    return kNone;
  }

 private:
  // Of a ring: the oldest's `older` is the newest.
  struct Link {
    uint32_t older = kNone;
    uint32_t newer = kNone;
    uint64_t key = 0;
  };
  uint32_t Next(uint32_t slot, uint32_t oldest) const {
    return links_[slot].newer == oldest ? kNone : links_[slot].newer;
  }
  void Append(uint32_t slot);
  void Grow();

  std::vector<Link> links_;        // by slot
  std::vector<uint32_t> buckets_;  // the oldest slot of each chain; a power of two
  Placing placing_{2};             // as many as buckets_
  size_t size_ = 0;
};

}  // namespace traffictap::pairing
