#include "operator/reconcilers/tap_reconciler.h"

#include <utility>

#include "operator/reconcilers/tap_conditions.h"
#include "operator/reconcilers/tap_totals.h"
#include "operator/reconcilers/write_status.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;

Json FormerStatus(const kube::Object& tap) {
  const Json* status = tap.Find("/status");
  return status == nullptr ? Json() : *status;
}

std::string ReadyStatus(const Json& status) {
  if (!status.is_object() || !status.contains("conditions")) return "";
  for (const Json& condition : status["conditions"]) {
    if (condition.value("type", "") == "Ready") {
      return condition.value("status", "") + "/" + condition.value("reason", "");
    }
  }
  return "";
}

bool IsOfThisVersion(const Json& status, int64_t generation) {
  return status.is_object() && status.value("observedGeneration", Json()) == generation;
}

}  // namespace

bool TapReconciler::MayWriteCounts(const kube::ObjectKey& key) {
  const base::Nanos now = ports_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  const auto [found, first] = written_.try_emplace(key, now);
  if (!first && now - found->second < ports_.counts_interval()) return false;
  found->second = now;
  return true;
}

StatusOr<controller::ReconcileResult> TapReconciler::Reconcile(const kube::ObjectKey& key) {
  const auto tap = ports_.tap(key);
  if (!tap || tap->deleting()) {
    absl::MutexLock lock(&mutex_);
    written_.erase(key);
    return controller::ReconcileResult{};
  }
  auto view = ports_.board->Find(key.ToString());
  // Not planned yet, or planned from an older version: the plan calls again.
  if (!view || view->outcome.tap.uid != tap->uid()) return controller::ReconcileResult{};
  TapStatusInput input;
  input.former = FormerStatus(*tap);
  input.outcome = std::move(view->outcome);
  input.patch_error = std::move(view->patch_error);
  input.proxies = std::move(view->proxies);
  input.totals = AddUp(key.ToString(), tap->uid(), ports_.reports(), input.former);
  input.now = ports_.clock->Wall();
  const Json status = TapStatus(input);
  const controller::ReconcileResult later{ports_.counts_interval()};
  if (IsSameStatus(input.former, status)) return later;
  const bool news = DiffersBeyondCounts(input.former, status);
  if (ports_.settling() && IsOfThisVersion(input.former, tap->generation())) {
    return controller::ReconcileResult{base::kSecond};
  }
  if (!MayWriteCounts(key) && !news) return later;
  const auto& resource = tap->ns().empty() ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
  TT_RETURN_IF_ERROR(WriteStatus(*ports_.kube, resource, *tap, status));
  if (ReadyStatus(status) != ReadyStatus(input.former)) {
    ports_.announce(*tap, TapConditions(input)[0]);
  }
  return later;
}

}  // namespace traffictap::reconcilers
