// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_id.h"

namespace traffictap::traffic {

uint64_t RecordId(const RecordOrigin& origin, const PackedEntry& entry) {
  uint64_t id = HashRequestId(entry.node->id) ^ (HashRequestId(origin.collector) << 1);
  id ^= entry.request_id_hash * 0x9e3779b97f4a7c15ULL;
  id ^= static_cast<uint64_t>(entry.facts.start_time) * 0xc2b2ae3d27d4eb4fULL;
  // A redirect that the client's proxy follows leaves two entries that differ in this alone.
  id ^= (static_cast<uint64_t>(entry.facts.duration) + entry.facts.response_code) *
        0xff51afd7ed558ccdULL;
  return id ^ (static_cast<uint64_t>(entry.facts.upstream_local.port) << 48);
}

}  // namespace traffictap::traffic
