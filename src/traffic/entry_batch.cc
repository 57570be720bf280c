// SPDX-License-Identifier: Apache-2.0
#include "traffic/entry_batch.h"

#include <algorithm>

namespace traffictap::traffic {
namespace {

// Each chunk doubles what the batch has: a message has one entry or many, and the memory that is
// not used would wait in the queue with the rest.
constexpr size_t kChunkBytesMin = 4 * 1024;
constexpr size_t kChunkBytesMax = 32 * 1024;

}  // namespace

std::byte* EntryBatch::Allocate(size_t size) {
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < size) {
    const size_t chunk = std::max(size, std::clamp(bytes_, kChunkBytesMin, kChunkBytesMax));
    // Not make_unique: it would zero the bytes.
    chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[chunk]), chunk, 0});
    bytes_ += chunk;
  }
  Chunk& chunk = chunks_.back();
  std::byte* out = chunk.bytes.get() + chunk.used;
  chunk.used += size;
  return out;
}

PackedEntry* EntryBatch::Add(const AccessEntry& entry, uint64_t request_id_hash) {
  PackedEntry* packed = Pack(entry, request_id_hash, Allocate(PackedSize(entry)));
  packed->node = node_.get();
  entries_.push_back(packed);
  return packed;
}

}  // namespace traffictap::traffic
