// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace traffictap::bench {

enum class Side : uint8_t { kClient, kServer };

// One of many pairs of proxies: a client's and a server's, with one connection between them.
struct ProxyPair {
  uint32_t number = 0;
  uint32_t namespaces = 1;  // over how many namespaces the pairs are spread: shop-0, shop-1, …
};

// A message with an Istio sidecar's identifier (about 62 kB, most of it the list of extensions) and
// no entries.
std::string IdentifierMessage(const ProxyPair& pair, Side side);

// A StreamAccessLogsMessage of HTTP entries, serialized once, of which only the request ids change.
// The entries have the fields, texts and sizes (450 to 900 bytes) of a mesh with mTLS and peer
// metadata. Not thread-safe.
class EntryMessage {
 public:
  // `entries`: how many entries the message has.
  EntryMessage(const ProxyPair& pair, Side side, size_t entries);

  // The message's bytes with the ids of requests [first, first + entries) of the pair: the same for
  // both sides. Valid until the next call.
  const std::string& WithRequests(uint64_t first);

 private:
  const uint32_t pair_;
  std::string bytes_;
  std::vector<std::vector<size_t>> id_offsets_;  // of each entry: where its id stands
};

}  // namespace traffictap::bench
