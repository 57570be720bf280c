#pragma once

#include <memory>
#include <span>
#include <vector>

#include "pairing/pairer.h"
#include "pipeline/admission.h"
#include "pipeline/tap_runtime.h"

namespace traffictap::pipeline {

// The taps in force: the snapshot that entries are tested against, and the runtime of each slot
// (null: free).
struct Routed {
  RouteTablePtr table;
  std::vector<std::shared_ptr<TapRuntime>> runtimes;
};

// Shows each joined pair to the taps that want it. A tap sees only halves of proxies that it
// targets and that it admitted: to a tap that sees one side alone, a whole pair is an orphan, and
// the reason says why. Owned by the pipeline thread.
class Router final : public pairing::PairConsumer {
 public:
  // `admission` outlives the router.
  explicit Router(const Admission* admission) : admission_(admission) {}

  void SetRouted(std::shared_ptr<Routed> routed) { routed_ = std::move(routed); }
  const std::shared_ptr<Routed>& routed() const { return routed_; }

  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes) override;

 private:
  void Show(TapRuntime& tap, size_t slot, const traffic::TrafficPair& pair,
            std::span<const traffic::NodePtr> nodes);
  traffic::OrphanReason ReasonFor(const tap::TapSpec& spec, const traffic::TrafficPair& whole,
                                  const traffic::TrafficPair& seen) const;

  const Admission* const admission_;
  std::shared_ptr<Routed> routed_;
};

}  // namespace traffictap::pipeline
