// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "pairing/pair_key.h"
#include "pairing/recent_keys.h"

namespace traffictap::pairing {

// The entries that came and the requests that were emitted lately, `keys_max` of each, to tell copies
// and late halves. Not thread-safe.
class EmittedRequests {
 public:
  explicit EmittedRequests(size_t keys_max) : seen_(keys_max), finished_(keys_max) {}

  // Remembers the entry. False where it is a copy of one that came already.
  bool Take(const traffic::PackedEntry& entry, const traffic::Node& node) {
    return seen_.Insert(IdentityKey(entry, std::hash<std::string>()(node.id)));
  }

  // Remembers that this half's request has been emitted. True where it was already, by the half of
  // the other side.
  bool Finish(const traffic::PackedEntry& entry) {
    const uint64_t exchange = ExchangeKey(entry);
    const uint64_t request = RequestKey(entry);
    if (IsClient(entry)) {
      if (request != 0 && TakesByRequest(entry)) finished_.Insert(request);
      return exchange != 0 && !finished_.Insert(exchange);
    }
    // A client that joins by its request alone leaves it for all its servers; one of them says
    // nothing of the others, and a success is none of its earlier attempts.
    const bool late = request != 0 && !Succeeded(entry) && finished_.Contains(request);
    return (exchange != 0 && !finished_.Insert(exchange)) || late;
  }

 private:
  RecentKeys seen_;
  RecentKeys finished_;
};

}  // namespace traffictap::pairing
