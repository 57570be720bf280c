// SPDX-License-Identifier: Apache-2.0
#include "pairing/recent_keys.h"

#include <algorithm>
#include <bit>

namespace traffictap::pairing {

RecentKeys::RecentKeys(size_t keys_max)
    : ring_(std::max<size_t>(1, keys_max)),
      slots_(std::bit_ceil(2 * ring_.size())),
      mask_(slots_.size() - 1),
      placing_(slots_.size()) {}

size_t RecentKeys::SlotOf(uint64_t key) const {
  size_t at = placing_.Of(key);
  while (slots_[at] != 0 && slots_[at] != key) at = (at + 1) & mask_;
  return at;
}

bool RecentKeys::Insert(uint64_t key) {
  if (key == 0) key = 1;
  if (slots_[SlotOf(key)] == key) return false;
  if (ring_[next_] != 0) Erase(ring_[next_]);
  ring_[next_] = key;
  next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
  slots_[SlotOf(key)] = key;
  return true;
}

bool RecentKeys::Contains(uint64_t key) const {
  if (key == 0) key = 1;
  return slots_[SlotOf(key)] == key;
}

void RecentKeys::Erase(uint64_t key) {
  size_t hole = SlotOf(key);
  // Moves back whatever probed past the hole.
  for (size_t at = (hole + 1) & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
    const size_t home = placing_.Of(slots_[at]);
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = 0;
}

}  // namespace traffictap::pairing
