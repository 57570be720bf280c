// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/remote_proxies.h"
#include "pipeline/proxy_clock.h"
#include "pipeline/tap_table.h"
#include "traffic/node.h"
#include "traffic/tap_set.h"

namespace traffictap::pipeline {

// The proxies that send to us, found by any address of their pods in its network: those of which a stream is open,
// and what those that are gone lost lately. Streams' threads write, the pairing threads read. In a pairer
// it has none of its own, but those of the receivers (pairing::RemoteProxies), each receiver's apart: what
// is asked of a proxy, all of them together answer.
// Thread-safe. Those that are gone are forgotten, the longest gone first, where there would be more
// than `proxies_max` addresses; of remote ones there are never more.
class ProxyDirectory final : public pairing::RemoteProxies {
 public:
  // A receiver that says nothing for so long of the log's time is dead: shuffle::PartitionClock's.
  static constexpr base::Nanos kReceiverSilence = 30 * base::kSecond;
  // What a dead one said is of use for halves that waited meanwhile, and for a pairer that is behind.
  static constexpr base::Nanos kReceiverKept = 1'800 * base::kSecond;
  static constexpr size_t kReceiversMax = 4096;

  ProxyDirectory(base::Nanos warm_up, size_t proxies_max)
      : warm_up_(warm_up), proxies_max_(proxies_max) {}

  // Returns the clock that all open streams of the proxy share.
  std::shared_ptr<ProxyClock> StreamOpened(const traffic::NodePtr& node, base::Nanos now);
  void StreamEnded(const traffic::Node& node, bool clean, base::Nanos now);
  void EntriesLost(const traffic::Node& node, base::Nanos now);
  // The proxy sent something under `table`, in which the taps of `candidates` target it.
  void Sent(const traffic::Node& node, const TapTablePtr& table, const traffic::TapSet& candidates);

  // From now on changes of own proxies are kept for TakeChanges: the last state of each that changed
  // since the last call.
  void TrackChanges();
  std::vector<pairing::RemoteProxy> TakeChanges();

  bool Set(const std::string& receiver, const pairing::RemoteProxy& proxy,
           const traffic::Node* former) override;
  void Gone(const std::string& receiver, const traffic::Node& node) override;
  void Heard(const std::string& receiver, base::Nanos theirs, base::Nanos ours, bool bye) override;
  std::vector<std::string> ForgetSilent() override;
  void SetComplete(bool complete) override;
  bool complete() const override;

  pairing::PeerState Lookup(const pairing::PeerPlace& peer, base::Nanos since,
                            base::Nanos now) const override;
  // The proxy of which a stream is open, or null; of several the one that came last. `at`: what a receiver said
  // that was not there any more by then does not count, as somebody else may have the address since.
  traffic::NodePtr NodeAt(const pairing::PeerPlace& peer, base::Nanos at = INT64_MIN) const;
  // How many proxies with a stream open sent something under each tap, by its id (TapTable::id).
  std::map<uint64_t, uint64_t> SendersByTap() const;

 private:
  // An address of the pod in its network; a proxy that names none has its id instead, and is
  // nobody's peer.
  struct Key {
    std::array<uint8_t, 16> ip{};
    std::string network;
    std::string id;
    std::string receiver;  // that says so; empty: this process
    auto operator<=>(const Key&) const = default;
  };
  struct Proxy {
    uint32_t streams = 0;
    // By the clock of whoever says so.
    base::Nanos first_opened = 0;
    base::Nanos last_loss = INT64_MIN;
    base::Nanos last_seen = 0;
    traffic::NodePtr node;    // while a stream is open
    base::Nanos gone_at = 0;  // by which gone_ has it; while none is
    // Under the node's first key alone, while a stream is open:
    std::shared_ptr<ProxyClock> clock;
    TapTablePtr table;  // that it last sent something under; `candidates` refers to it
    traffic::TapSet candidates;
  };
  // A receiver in another process, by the log.
  struct Receiver {
    bool heard = false;
    base::Nanos offset = 0;  // from its clock to the log's
    base::Nanos last = 0;    // when it was last heard, by the log's
    bool ended = false;      // with its goodbye
    int sweeps = 0;          // of ForgetSilent before it was first heard
  };
  // What is known of a proxy by our clock.
  struct View {
    bool open = false;
    base::Nanos first_opened = 0;
    base::Nanos last_loss = INT64_MIN;
    base::Nanos last_seen = 0;
  };
  using Proxies = std::map<Key, Proxy>;

  static Key FirstKey(const traffic::Node& node, const std::string& receiver = {});
  static void ForEachKey(const traffic::Node& node, auto visit, const std::string& receiver = {});
  // Those of one network: the peer's own before one that nobody names.
  void ForEachAt(const pairing::PeerPlace& peer, auto visit) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<View> ViewOf(const Key& key, const Proxy& proxy, base::Nanos now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteChange(const traffic::NodePtr& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The proxy has no stream any more, or has one again.
  void AddGone(const Key& key, Proxy* proxy) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropGone(const Key& key, const Proxy& proxy) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Forgets those that are gone until there are no more than so many; whether it could.
  bool Bound(size_t addresses) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Nanos warm_up_;
  const size_t proxies_max_;
  mutable absl::Mutex mutex_;
  Proxies proxies_ ABSL_GUARDED_BY(mutex_);
  // Of proxies_: those without a stream, by when that ended, by our clock.
  std::set<std::pair<base::Nanos, Key>> gone_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Receiver> receivers_ ABSL_GUARDED_BY(mutex_);
  // By the log: what had been heard at the last sweep.
  base::Nanos swept_ ABSL_GUARDED_BY(mutex_) = 0;
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;
  bool tracks_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Key, pairing::RemoteProxy> changes_ ABSL_GUARDED_BY(mutex_);  // by first key
};

}  // namespace traffictap::pipeline
