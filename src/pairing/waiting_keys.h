// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "pairing/pair_key.h"

// The keys by which WaitingTable finds halves: those of pair_key.h, one for each kind of half that is
// looked for. 0 stays 0: a half that is not found that way.
namespace traffictap::pairing {

// Halves of open streams are found by each other alone.
inline uint64_t OfMoment(const traffic::PackedEntry& entry, uint64_t key) {
  constexpr uint64_t kOpen = 0xc2b2ae3d27d4eb4fULL;
  return key == 0 || !IsOpen(entry) ? key : key ^ kOpen;
}
inline uint64_t ConnectionOf(const traffic::PackedEntry& entry) {
  return OfMoment(entry, ConnectionKey(entry));
}
inline uint64_t RequestOf(const traffic::PackedEntry& entry) {
  return OfMoment(entry, RequestKey(entry));
}

// One key for each side: who looks for the other side never walks past its own.
inline uint64_t Sided(uint64_t key, bool client) { return client || key == 0 ? key : ~key; }

// The same for the halves of one request, with a list of their own for clients with several attempts.
enum class RequestList : uint64_t { kRetriedClients, kServers, kSingleClients };
inline uint64_t Listed(uint64_t key, RequestList list) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15ULL;
  return key == 0 ? 0 : key ^ (static_cast<uint64_t>(list) * kStep);
}
inline RequestList ListOf(const traffic::PackedEntry& entry) {
  if (!IsClient(entry)) return RequestList::kServers;
  return Attempts(entry) > 1 ? RequestList::kRetriedClients : RequestList::kSingleClients;
}

}  // namespace traffictap::pairing
