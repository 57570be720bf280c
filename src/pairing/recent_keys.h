// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pairing/placing.h"

namespace traffictap::pairing {

// The last `keys_max` distinct keys inserted: a ring in order of insertion and a flat hash set of
// the same. 0 and 1 are one key. All memory is taken at construction.
class RecentKeys {
 public:
  explicit RecentKeys(size_t keys_max);

  // False where `key` is there already; it keeps its place.
  bool Insert(uint64_t key);
  bool Contains(uint64_t key) const;

 private:
  void Erase(uint64_t key);
  size_t SlotOf(uint64_t key) const;

  std::vector<uint64_t> ring_;
  size_t next_ = 0;
  std::vector<uint64_t> slots_;  // linear probing; 0 is empty
  size_t mask_;
  Placing placing_;
};

}  // namespace traffictap::pairing
