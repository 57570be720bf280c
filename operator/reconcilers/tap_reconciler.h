#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "kube/kube_client.h"
#include "operator/controller/reconciler.h"
#include "operator/reconcilers/mesh_objects.h"
#include "operator/reconcilers/plan_board.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::reconcilers {

// All outlive the reconciler and are thread-safe.
struct TapPorts {
  // The tap as the watch last saw it, or null.
  std::function<ObjectPtr(const kube::ObjectKey&)> tap;
  std::function<std::vector<v1::CollectorReport>()> reports;
  // Between two writes of a tap that bring nothing but counts. Grows with the number of taps, so
  // that their writes stay within the API's budget.
  std::function<base::Nanos()> counts_interval;
  // True for a while after the start, until a collector and istiod have been heard: what a status
  // says from before is then better than what is known here, and is not written over.
  std::function<bool()> settling;
  // Tells a person of a change: an Event.
  std::function<void(const kube::Object& tap, const plan::Condition& ready)> announce;
  kube::KubeClient* kube = nullptr;
  PlanBoard* board = nullptr;
  const base::Clock* clock = nullptr;
};

// Writes the status of one TrafficTap or ClusterTrafficTap (a key without namespace): at once where
// a condition changed, and now and then for the counts. Writes nothing where nothing changed.
class TapReconciler final : public controller::Reconciler {
 public:
  explicit TapReconciler(TapPorts ports) : ports_(std::move(ports)) {}

  StatusOr<controller::ReconcileResult> Reconcile(const kube::ObjectKey& key) override;

 private:
  // Whether counts alone may be written now; notes that they are.
  bool MayWriteCounts(const kube::ObjectKey& key);

  const TapPorts ports_;
  absl::Mutex mutex_;
  std::map<kube::ObjectKey, base::Nanos> written_ ABSL_GUARDED_BY(mutex_);  // monotonic
};

}  // namespace traffictap::reconcilers
