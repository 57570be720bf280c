// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pairing/pairer.h"
#include "pipeline/proxy_directory.h"
#include "pipeline/tap_runtime.h"

namespace traffictap::pipeline {

// The taps in force: the snapshot that entries are tested against, and the runtime of each slot
// (null: free).
struct TapsInForce {
  TapTablePtr table;
  std::vector<std::shared_ptr<TapRuntime>> runtimes;
};

// Shows each joined pair to the taps that want it. A tap sees only halves of proxies that it
// targets, or has attached as peers, and that it admitted: to a tap that sees one side alone, a whole
// pair is an orphan, and the reason says why. What no target took part in it does not see at all. The
// other end of an orphan has the name that the operator knows for its address, or, where the orphan
// has none, the one that the proxy there names itself by. Owned by one pairing thread.
class TapFanOut final : public pairing::PairConsumer {
 public:
  // `proxies` outlives the fan-out. `thread`: the number of its lane in each tap.
  explicit TapFanOut(const ProxyDirectory* proxies, size_t thread = 0)
      : proxies_(proxies), thread_(thread) {}

  // While no lane of the taps is at work. Those that show every entry alike have their records in
  // common from now on.
  void SetTaps(std::shared_ptr<TapsInForce> in_force);
  const std::shared_ptr<TapsInForce>& in_force() const { return in_force_; }
  size_t thread() const { return thread_; }

  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes) override;

 private:
  void Show(TapRuntime& tap, size_t slot, const traffic::TrafficPair& pair,
            std::span<const traffic::NodePtr> nodes);
  void Give(TapRuntime& tap, const traffic::TrafficPair& seen,
            std::span<const traffic::NodePtr> nodes, uint64_t number) const;
  std::optional<tap::KnownPeer> SenderAtOtherEnd(const traffic::TrafficPair& orphan) const;
  traffic::OrphanReason ReasonFor(const tap::TapSpec& spec, const traffic::TrafficPair& whole,
                                  const traffic::TrafficPair& seen) const;
  std::optional<bool> TargetsOther(const tap::TapSpec& spec, const traffic::TrafficPair& whole,
                                   const traffic::TrafficPair& seen) const;

  const ProxyDirectory* const proxies_;
  const size_t thread_;
  std::shared_ptr<TapsInForce> in_force_;
  uint64_t pairs_ = 0;                     // that several taps admitted
  uint64_t number_ = TapLane::kForOneTap;  // of the pair in hand
};

}  // namespace traffictap::pipeline
