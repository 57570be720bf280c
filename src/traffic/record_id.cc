// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_id.h"

namespace traffictap::traffic {

uint64_t RecordId(const RecordOrigin& origin, const PackedEntry& entry) {
  uint64_t id = HashRequestId(entry.node->id) ^ (HashRequestId(origin.collector) << 1);
  id ^= entry.request_id_hash * 0x9e3779b97f4a7c15ULL;
  id ^= static_cast<uint64_t>(entry.facts.start_time) * 0xc2b2ae3d27d4eb4fULL;
  // Each redirect that the client's proxy follows leaves an entry of its own, which differs from
  // that of the stream's end, and from the next one, in these alone.
  if (entry.text(Text::kResponseCodeDetails) == "internal_redirect") {
    id ^= (static_cast<uint64_t>(entry.facts.duration) + entry.facts.response_code) *
          0xff51afd7ed558ccdULL;
  }
  // Of what does not change while a stream is open: another attempt has another upstream.
  return id ^ (static_cast<uint64_t>(entry.facts.downstream_direct_remote.port) << 48);
}

}  // namespace traffictap::traffic
