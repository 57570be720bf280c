// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/peer_states.h"
#include "tap/peer_spec.h"

namespace traffictap::pipeline {

// A tap's known peers by their addresses. Immutable: thread-safe.
class KnownPeers {
 public:
  // An address that is none is passed over.
  explicit KnownPeers(const std::vector<tap::KnownPeer>& peers);

  bool empty() const { return places_.empty(); }
  // The one at that address, or null. Valid as long as this.
  const tap::KnownPeer* At(const pairing::PeerPlace& place) const;

 private:
  std::vector<tap::KnownPeer> peers_;                               // without their addresses
  std::vector<std::pair<std::array<uint8_t, 16>, size_t>> places_;  // ascending; of peers_
};

// Where the other end of a tap's records was met.
struct PeerSighting {
  std::string address;  // an IP address
  std::string network;  // of the proxy that told it
  friend auto operator<=>(const PeerSighting&, const PeerSighting&) = default;
};

// The other ends that were met in the last half minute, kAddressesMax of them at most: far more than an
// operator attaches. One thread adds and shares, any thread reads what is shared.
class PeerSightings {
 public:
  static constexpr size_t kAddressesMax = 256;
  static constexpr base::Nanos kKept = 30 * base::kSecond;
  static constexpr base::Nanos kShareEvery = base::kSecond;

  // An absent or loopback address is nobody's. `now`: monotonic, never less than before.
  void Add(const pairing::PeerPlace& place, base::Nanos now);
  // Forgets those that are older and shares the others; does nothing again within kShareEvery.
  void Share(base::Nanos now);
  // Goes on with what `former` has met.
  void Inherit(const PeerSightings& former);
  // Sorted; as they were last shared.
  std::vector<PeerSighting> shared() const;

 private:
  using Place = std::pair<std::array<uint8_t, 16>, std::string_view>;
  struct Key {
    std::array<uint8_t, 16> ip{};
    std::string network;
    operator Place() const { return {ip, network}; }  // NOLINT: to be found by a place
  };
  struct Before {
    using is_transparent = void;
    bool operator()(const Place& a, const Place& b) const { return a < b; }
  };
  std::map<Key, base::Nanos, Before> seen_;
  bool changed_ = false;  // the places of seen_, since they were shared
  std::optional<base::Nanos> shared_at_;
  mutable absl::Mutex mutex_;
  std::vector<PeerSighting> shared_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
