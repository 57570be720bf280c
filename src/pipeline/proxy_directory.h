// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/peer_states.h"
#include "pipeline/proxy_clock.h"
#include "pipeline/tap_table.h"
#include "traffic/node.h"
#include "traffic/tap_set.h"

namespace traffictap::pipeline {

// The proxies that send to us, found by any address of their pods in its network: those of which a stream is open,
// and what those that are gone lost lately. Streams' threads write, the pairing threads read.
// Thread-safe. Those that are gone are forgotten, the longest gone first, where there would be more
// than `proxies_max` addresses.
class ProxyDirectory final : public pairing::PeerStates {
 public:
  ProxyDirectory(base::Nanos warm_up, size_t proxies_max)
      : warm_up_(warm_up), proxies_max_(proxies_max) {}

  // Returns the clock that all open streams of the proxy share.
  std::shared_ptr<ProxyClock> StreamOpened(const traffic::NodePtr& node, base::Nanos now);
  void StreamEnded(const traffic::Node& node, bool clean, base::Nanos now);
  void EntriesLost(const traffic::Node& node, base::Nanos now);
  // The proxy sent something under `table`, in which the taps of `candidates` target it.
  void Sent(const traffic::Node& node, const TapTablePtr& table, const traffic::TapSet& candidates);

  pairing::PeerState Lookup(const pairing::PeerPlace& peer, base::Nanos since,
                            base::Nanos now) const override;
  // The proxy of which a stream is open, or null.
  traffic::NodePtr NodeAt(const pairing::PeerPlace& peer) const;
  // How many proxies with a stream open sent something under each tap, by its id (TapTable::id).
  std::map<uint64_t, uint64_t> SendersByTap() const;

 private:
  // An address of the pod in its network; a proxy that names none has its id instead, and is
  // nobody's peer.
  struct Key {
    std::array<uint8_t, 16> ip{};
    std::string network;
    std::string id;
    auto operator<=>(const Key&) const = default;
  };
  struct Proxy {
    uint32_t streams = 0;
    base::Nanos first_opened = 0;
    base::Nanos last_loss = INT64_MIN;
    base::Nanos last_seen = 0;
    traffic::NodePtr node;  // while a stream is open
    // Under the node's first key alone, while a stream is open:
    std::shared_ptr<ProxyClock> clock;
    TapTablePtr table;  // that it last sent something under; `candidates` refers to it
    traffic::TapSet candidates;
  };
  static Key FirstKey(const traffic::Node& node);
  static void ForEachKey(const traffic::Node& node, auto visit);
  // The one of the peer's own network before one that names none; null where there is none.
  const Proxy* Find(const pairing::PeerPlace& peer) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Bound() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Nanos warm_up_;
  const size_t proxies_max_;
  mutable absl::Mutex mutex_;
  std::map<Key, Proxy> proxies_ ABSL_GUARDED_BY(mutex_);
  size_t gone_ ABSL_GUARDED_BY(mutex_) = 0;  // of proxies_: without a stream
};

}  // namespace traffictap::pipeline
