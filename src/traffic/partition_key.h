// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "traffic/packed_entry.h"

// Which entries must come to one pairer. Stable over time, machines and builds: tests/traffic holds
// it to golden values, and a change of it splits requests while old and new processes run.
namespace traffictap::traffic {

// Equal for all entries that may be joined, or told to be copies or later entries of each other:
//   HTTP with a request id    by the masked id: it alone is common to both sides, to earlier attempts,
//                             to what a proxy redirects, and to all hops. Path, authority and addresses
//                             may differ between sides, so they are no part of it.
//   HTTP without one          by the connection's two ends, method and path
//   TCP                       by the connection's client end: its server end may be translated on the way
//   that names no connection  by the stream that its proxy tells of: it joins nothing
// The network is no part of it: one side may not name its own, and joins all the same. Of a stream
// without an id that was open before it had a connection to a server, the entries before and after
// that have two keys. `request_id_hash` is HashRequestId's, `node_id` the id of who wrote the entry.
uint64_t PartitionKey(const EntryFacts& facts, uint64_t request_id_hash, std::string_view path,
                      std::string_view node_id);
uint64_t PartitionKey(const PackedEntry& entry);

// The key's partition among `count` (1 or more): the high word of key * count. Keys of one partition of
// N * count are of one partition of `count`.
inline uint32_t PartitionOf(uint64_t key, uint32_t count) {
  const uint64_t low = (key & UINT32_MAX) * count;
  return static_cast<uint32_t>(((key >> 32) * count + (low >> 32)) >> 32);
}

}  // namespace traffictap::traffic
