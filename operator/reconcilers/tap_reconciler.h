// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "kube/kube_client.h"
#include "operator/controller/reconciler.h"
#include "operator/leases/granted_records.h"
#include "operator/reconcilers/mesh_objects.h"
#include "operator/reconcilers/plan_board.h"
#include "operator/reconcilers/reports.h"

namespace traffictap::reconcilers {

// All outlive the reconciler and are thread-safe.
struct TapPorts {
  // The tap as the watch last saw it, or null.
  std::function<ObjectPtr(const kube::ObjectKey&)> tap;
  std::function<Reports()> reports;
  // Decides who may take how much of the tap's maxRecords, of which it has written so many. Nothing: nobody
  // shares it. What is decided is in force once it is said to be written.
  std::function<std::optional<leases::GrantedRecords>(const std::string& uid, uint64_t records)>
      plan_leases = [](const std::string&, uint64_t) { return std::nullopt; };
  std::function<void(const std::string& uid, const leases::GrantedRecords&)> leases_written;
  // Between two writes of a tap that bring nothing but counts. Grows with the number of taps, so
  // that their writes stay within the API's budget.
  std::function<base::Nanos()> counts_interval;
  // True for a while after the start, until a collector and istiod have been heard: what a status
  // says from before is then better than what is known here, and is not written over.
  std::function<bool()> settling;
  // Tells people that Ready is another one, as an Event.
  std::function<void(const kube::Object& tap, const plan::Condition& ready)> announce;
  // Tells people of a dump that has ended; `warning`: something of it is missing.
  std::function<void(const kube::Object& tap, bool warning, const std::string& message)>
      announce_dump;
  kube::KubeClient* kube = nullptr;
  PlanBoard* board = nullptr;
  const base::Clock* clock = nullptr;
};

// Writes the status of one TrafficTap or ClusterTrafficTap (a key without namespace): at once where
// a condition changed, and now and then for the counts. Writes nothing where nothing changed. While
// a tap only waits for its proxies or its collector, a change waits for two seconds, so that a tap
// that is ready by then has one write instead of three.
class TapReconciler final : public controller::Reconciler {
 public:
  explicit TapReconciler(TapPorts ports) : ports_(std::move(ports)) {}

  StatusOr<controller::ReconcileResult> Reconcile(const kube::ObjectKey& key) override;

 private:
  struct Written {
    std::string over;  // the resourceVersion of the tap that it was written to
    kube::Json status;
  };
  struct Memory {
    std::optional<Written> last;         // until the watch brings another version
    std::optional<base::Nanos> written;  // counts; monotonic
    std::optional<std::string> told;    // the last Ready that people were told of: "True/Capturing"
    std::optional<base::Nanos> untold;  // since when it has been another one
    std::optional<base::Nanos> held;    // since when a status on its way is not written; monotonic
  };
  // As it stands, or null. Where the watch has not brought our last write yet, that one.
  kube::Json FormerStatus(const kube::Object& tap);
  void NoteWritten(const kube::Object& tap, kube::Json status);
  // How much longer what is new in a status waits; 0: it is to be written. `on_its_way`: something
  // is new, and what comes next will take its place by itself.
  base::Nanos Hold(const kube::ObjectKey& key, bool on_its_way);
  // Whether counts alone may be written now; notes that they are.
  bool MayWriteCounts(const kube::ObjectKey& key);
  // Tells of a Ready that is new. What may pass by itself has to last first: then the time until it
  // would be told is returned, else 0.
  controller::ReconcileResult Told(const kube::Object& tap, const TapStatusInput& input,
                                   controller::ReconcileResult later);
  base::Nanos Announce(const kube::Object& tap, const std::vector<plan::Condition>& conditions,
                       const std::string& former);

  const TapPorts ports_;
  absl::Mutex mutex_;
  std::map<kube::ObjectKey, Memory> memory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::reconcilers
