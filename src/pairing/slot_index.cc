// SPDX-License-Identifier: Apache-2.0
#include "pairing/slot_index.h"

#include <algorithm>
#include <utility>

namespace traffictap::pairing {

void SlotIndex::Add(uint32_t slot, uint64_t key) {
  // Without a key it needs no link, where it has none.
  if (key == 0) return;
  if (slot >= links_.size()) links_.resize(slot + 1);
  links_[slot].key = key;
  if (++size_ > buckets_.size()) Grow();
  Append(slot);
}

void SlotIndex::Append(uint32_t slot) {
  Link& link = links_[slot];
  uint32_t& oldest = buckets_[placing_.Of(link.key)];
  if (oldest == kNone) {
    oldest = link.older = link.newer = slot;
    return;
  }
  const uint32_t newest = links_[oldest].older;
  link.older = newest;
  link.newer = oldest;
  links_[newest].newer = slot;
  links_[oldest].older = slot;
}

void SlotIndex::Remove(uint32_t slot) {
  if (slot >= links_.size() || links_[slot].key == 0) return;
  Link& link = links_[slot];
  uint32_t& oldest = buckets_[placing_.Of(link.key)];
  if (link.newer == slot) {
    oldest = kNone;
  } else {
    links_[link.older].newer = link.newer;
    links_[link.newer].older = link.older;
    if (oldest == slot) oldest = link.newer;
  }
  link = {};
  --size_;
}

// Chain by chain from its oldest, so that the order within each key stays.
void SlotIndex::Grow() {
  const size_t size = std::max<size_t>(64, 2 * buckets_.size());
  const auto former = std::exchange(buckets_, std::vector<uint32_t>(size, kNone));
  placing_ = Placing(size);
  for (const uint32_t oldest : former) {
    for (uint32_t slot = oldest; slot != kNone;) {
      const uint32_t next = Next(slot, oldest);
      Append(slot);
      slot = next;
    }
  }
}

}  // namespace traffictap::pairing
