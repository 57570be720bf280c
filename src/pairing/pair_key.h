#pragma once

#include <cstdint>

#include "traffic/packed_entry.h"

// What makes two halves belong together. Times of different machines are never compared.
namespace traffictap::pairing {

inline bool IsClient(const traffic::PackedEntry& entry) {
  return entry.facts.reporter == traffic::Reporter::kSource;
}

// How many server halves a client half can have; at least 1.
uint32_t Attempts(const traffic::PackedEntry& client);

// The client's proxy never got a connection to a server, so no other half exists.
bool NeverReachedServer(const traffic::PackedEntry& client);

// Equal for a client half and a server half that the same connection carried: of one request where
// there is a request id, of one method and path where there is none, of the whole connection for
// TCP. 0: the entry does not say its connection.
uint64_t ConnectionKey(const traffic::PackedEntry& entry);

// Equal for all halves of one request id, path and authority, whatever the connection. 0: a half
// that only joins by its connection.
uint64_t RequestKey(const traffic::PackedEntry& entry);

// The same for two copies of one entry. `node_hash` stands for the node that wrote it.
uint64_t IdentityKey(const traffic::PackedEntry& entry, uint64_t node_hash);

// Both halves tell of the same connection and request. Exact: no hashes.
bool SameConnection(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

// `server` may be one of the client's attempts that its addresses no longer tell of (they are the
// last one's). Exact: no hashes.
bool MaybeAttempt(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

}  // namespace traffictap::pairing
