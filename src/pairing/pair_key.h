// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "traffic/packed_entry.h"

// What makes two halves belong together. Times of different machines are never compared.
namespace traffictap::pairing {

inline bool IsClient(const traffic::PackedEntry& entry) {
  return entry.facts.reporter == traffic::Reporter::kSource;
}

// Its stream goes on.
inline bool IsOpen(const traffic::PackedEntry& entry) {
  return entry.facts.moment == traffic::LogMoment::kPeriodic;
}

// How many server halves a client half can have; at least 1.
uint32_t Attempts(const traffic::PackedEntry& client);

// The client's proxy never got a connection to a server, so no other half exists.
bool NeverReachedServer(const traffic::PackedEntry& client);

// No other half can be told to be this one's.
bool JoinsNothing(const traffic::PackedEntry& entry);

// A client's half that takes servers by its request, so that what else comes of it comes late.
bool TakesByRequest(const traffic::PackedEntry& client);

// Equal for a client half and a server half that one connection may have carried: of one request
// id where there is one, of one method and path where there is none, of the whole connection for
// TCP. The server's end is no part of it where the client's alone tells enough: on the way it may
// be translated (a Service's address, a load balancer's). 0: the entry does not say its connection.
uint64_t ConnectionKey(const traffic::PackedEntry& entry);

// Equal for all halves of one request id, path and authority, whatever the connection. 0: a half
// that only joins by its connection.
uint64_t RequestKey(const traffic::PackedEntry& entry);

// Equal for the halves of one connection, request id, method and path: unlike ConnectionKey it
// tells apart the calls that an application makes under one id, and the connections of two networks
// that have the same addresses. 0 where ConnectionKey is, and for requests without an id, which come
// many to a connection.
uint64_t ExchangeKey(const traffic::PackedEntry& entry);

// Equal for all entries that one proxy writes of one request or connection, while it is open and at
// its end. Of the start its millisecond counts.
uint64_t StreamKey(const traffic::PackedEntry& entry);

// The same, exactly.
bool SameStream(const traffic::PackedEntry& a, const traffic::PackedEntry& b);

// Nothing more comes of the stream: a redirect that the proxy follows ends an exchange alone.
bool EndsStream(const traffic::PackedEntry& entry);

// The same for two copies of one entry. `node_hash` stands for the node that wrote it.
uint64_t IdentityKey(const traffic::PackedEntry& entry, uint64_t node_hash);

// How well a server's half fits a client's. Exact: no hashes. The higher, the better.
using Fit = int;
constexpr Fit kNoFit = 0;     // they do not belong together
constexpr Fit kSureFit = 64;  // from here on: no other half could fit better, so join at once

// Of halves that tell of one connection. Several calls may share connection and id: the server's
// end, the method, the path and the code tell them apart. A client's proxy that answered by itself
// (a time-out, its caller gone) knows no code of its server's; one that followed a redirect logs
// the path that it went on to, not the one it asked for.
Fit ConnectionFit(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

// Of halves that surely fit, kNoFit for all others. An application may make several calls at once that
// differ in nothing but how long they took and how much they carried: sizes tell more than times.
// kBestFit: no other half needs to be looked at.
constexpr Fit kBestFit = 1024;
Fit SureFit(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

// Of halves that name one request, but not one connection: something between them ended it (an
// HBONE tunnel, the gateway of another network, a load balancer). Only where one of them gives no
// address to compare, or where a machine between them can be told: `address_is_known(address)`
// holds for the proxies that send to us, which would have told of themselves.
template <typename Known>
Fit RequestFit(const traffic::PackedEntry& client, const traffic::PackedEntry& server,
               Known address_is_known);

// `server` may be one of the client's attempts that its addresses no longer tell of (they are the
// last one's): of one request and pod, and it failed, for a success is not tried again. What a
// proxy mirrors looks alike, but for that. Exact: no hashes.
bool MaybeAttempt(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

// The half tells of a request that was served well.
bool Succeeded(const traffic::PackedEntry& server);

// What RequestFit can tell by the halves alone.
enum class Between { kNothing, kTunnel, kMachine, kPerhaps };
Between BetweenHalves(const traffic::PackedEntry& client, const traffic::PackedEntry& server);

template <typename Known>
Fit RequestFit(const traffic::PackedEntry& client, const traffic::PackedEntry& server,
               Known address_is_known) {
  switch (BetweenHalves(client, server)) {
    case Between::kTunnel: return 3;
    case Between::kMachine: return 2;
    case Between::kPerhaps:
      return address_is_known(client.facts.upstream_remote) ||
                     address_is_known(server.facts.downstream_direct_remote)
                 ? kNoFit
                 : 1;
    case Between::kNothing: break;
  }
  return kNoFit;
}

}  // namespace traffictap::pairing
