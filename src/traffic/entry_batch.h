// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "traffic/packed_entry.h"

namespace traffictap::traffic {

// The admitted entries of one message, packed back to back in few allocations. Written by one
// thread, then handed over whole. The entries live as long as the batch.
class EntryBatch {
 public:
  explicit EntryBatch(NodePtr node) : node_(std::move(node)) {}

  // Copies `entry` in; its node is the batch's. `request_id_hash` is traffic::HashRequestId's.
  PackedEntry* Add(const AccessEntry& entry, uint64_t request_id_hash);
  PackedEntry* Add(const AccessEntry& entry) {
    return Add(entry, HashRequestId(entry.text(Text::kRequestId)));
  }

  const NodePtr& node() const { return node_; }
  const std::vector<PackedEntry*>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  // What the batch takes in memory.
  size_t bytes() const { return bytes_; }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
    size_t used = 0;
  };
  std::byte* Allocate(size_t size);

  NodePtr node_;
  std::vector<Chunk> chunks_;
  std::vector<PackedEntry*> entries_;
  size_t bytes_ = sizeof(EntryBatch);
};

}  // namespace traffictap::traffic
