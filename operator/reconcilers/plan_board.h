// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "operator/istiod/syncz.h"
#include "operator/plan/mesh_plan.h"
#include "operator/reconcilers/tap_status.h"

namespace traffictap::reconcilers {

// How the patches of a plan stand in the API server, by "EnvoyFilter/NAMESPACE/NAME".
struct PatchState {
  base::Nanos applied = 0;  // when it was last written, Unix epoch; 0: never
  std::string error;        // why it is not as planned, such as a refusal; empty: it is
  std::string content;      // uid and generation of what was written; empty: unknown
  // The last pushes that were known right before it was written: none up to these has it.
  istiod::PushVersions before = {};
};
using PatchStates = std::map<std::string, PatchState>;

// What was decided last and what the proxies say of it: written by the mesh reconciler and the
// proxy poller, read by the tap reconciler. Thread-safe.
class PlanBoard {
 public:
  // A patch of the former content keeps its former time and pushes: istiod does not push what changed
  // owners alone.
  void SetPlan(plan::MeshPlan plan, PatchStates patches);
  // `asked`: when istiod was asked, Unix epoch.
  void SetProxies(istiod::ProxySyncs proxies, base::Nanos asked);
  // istiod did not answer when it was asked at that time (Unix epoch). Once it has not for seconds
  // nothing is known any more until the next SetProxies; one lost answer changes nothing.
  void MissProxies(base::Nanos asked);
  // Whether istiod has not answered for that long.
  bool IsSilent() const;

  struct TapView {
    plan::TapOutcome outcome;
    std::string patch_error;
    ProxyAcknowledgements proxies;
  };
  // nullopt: the last plan did not know the tap.
  std::optional<TapView> Find(const std::string& tap) const;
  // Whether some tap in force waits for proxies: then they should be asked more often.
  bool Waits() const;

 private:
  struct PlannedTap {
    plan::TapOutcome outcome;  // with what the API server said of its patches
    std::string patch_error;
    base::Nanos newest = 0;  // when the last of its patches was written; 0: none was
    // By namespace, whose proxies are all sent what changes there: PatchState::before of its patches.
    std::map<std::string, istiod::PushVersions> before;
  };
  static PlannedTap PlannedOf(plan::TapOutcome outcome, const PatchStates& patches);
  // Whether what the proxy was sent may have its patch.
  bool IsSince(const PlannedTap& tap, const std::string& proxy, const istiod::ProxySync& sync) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ProxyAcknowledgements Acknowledgements(const PlannedTap& tap) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, PlannedTap> taps_ ABSL_GUARDED_BY(mutex_);
  PatchStates patches_ ABSL_GUARDED_BY(mutex_);
  std::optional<istiod::ProxySyncs> proxies_ ABSL_GUARDED_BY(mutex_);
  base::Nanos asked_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<base::Nanos> silent_since_ ABSL_GUARDED_BY(mutex_);  // without an answer
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;                      // and for long enough
};

}  // namespace traffictap::reconcilers
