// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "traffic/access_entry.h"
#include "traffic/tap_set.h"

namespace traffictap::traffic {

// The fixed part of a packed entry; its texts follow it in memory, back to back in the order of
// Text.
struct PackedEntry {
  EntryFacts facts;
  TapSet taps;               // the taps that admitted the entry
  uint64_t request_id_hash;  // of the masked request id; 0 where there is none
  base::Nanos arrival;       // collector's monotonic clock
  const Node* node;          // owned by whoever owns the bytes
  std::array<uint16_t, kTextCount> text_lengths;
  uint32_t bytes;  // size of the whole packed entry, texts and padding included
  // 0: the path is as it came. Else what stands for the path as it came, where a receiver may have hidden
  // some of it; where two entries have one, their paths came alike if these are equal.
  uint32_t path_mark;

  // O(which). Valid as long as the entry's bytes.
  std::string_view text(Text which) const;
};

// The other end of the reporter's socket: the client's proxy saw the server's, the server's the
// client's.
inline const SocketAddress& PeerAddress(const PackedEntry& entry) {
  const EntryFacts& facts = entry.facts;
  return facts.reporter == Reporter::kSource ? facts.upstream_remote
                                             : facts.downstream_direct_remote;
}

// Bytes that `entry` takes when packed; a multiple of alignof(PackedEntry).
size_t PackedSize(const AccessEntry& entry);

// Writes `entry` to `out`, which has PackedSize(entry) bytes aligned for PackedEntry. The caller
// sets `taps`, `arrival` and `node` afterwards, and `path_mark` where it is not 0. The second form is
// for callers that have the request id's hash already.
PackedEntry* Pack(const AccessEntry& entry, void* out);
PackedEntry* Pack(const AccessEntry& entry, uint64_t request_id_hash, void* out);

// The same entry as a view with its texts in `packed`.
AccessEntry Unpack(const PackedEntry& packed);

// Where the other end is, as the entry tells it: the server that was dialed, or the client. The inner
// connection of a tunnel (HBONE, at a waypoint) has no socket that could tell; the client is then who
// opened the tunnel, which Envoy takes for the connection's remote address. A request's own
// X-Forwarded-For would take the place of that, so that with one the address is absent. Valid as
// long as the entry.
const SocketAddress& FarAddress(const PackedEntry& entry);

// Hash of a request id whose 15th character (the UUID's version digit, which Envoy may rewrite for
// trace sampling) is masked. Never 0 for a non-empty id. Stable over time and builds: sampling and
// Kafka keys depend on it.
uint64_t HashRequestId(std::string_view request_id);

// 8-4-4-4-12 hexadecimal digits: an id made by a proxy or a library, not text that somebody wrote.
bool IsUuid(std::string_view id);

// What of an id is the same in both sides' logs: of a UUID what is behind that character, of any
// other id all.
std::string_view StablePart(std::string_view id);

}  // namespace traffictap::traffic
