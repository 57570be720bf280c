// SPDX-License-Identifier: Apache-2.0

// Three things are paced apart from each other. The status is written when its state changes, at
// once. Counts alone are written at the interval that all taps share. And an Event tells people of
// a new Ready, but where it may pass by itself only once it has lasted: on its way to Capturing a
// tap has several reasons within seconds. For a while after the start nothing is written over what
// a former operator knew better.
#include "operator/reconcilers/tap_reconciler.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "operator/reconcilers/tap_conditions.h"
#include "operator/reconcilers/tap_dumps.h"
#include "operator/reconcilers/tap_totals.h"
#include "operator/reconcilers/write_status.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;

constexpr base::Nanos kPassing = 5 * base::kSecond;

std::string ReadyStatus(const Json& status) {
  if (!status.is_object() || !status.contains("conditions")) return "";
  for (const Json& condition : status["conditions"]) {
    if (condition.value("type", "") == "Ready") {
      return condition.value("status", "") + "/" + condition.value("reason", "");
    }
  }
  return "";
}

std::string TextOf(const plan::Condition& ready) {
  using Value = plan::Condition::Value;
  const char* status = ready.status == Value::kTrue    ? "True"
                       : ready.status == Value::kFalse ? "False"
                                                       : "Unknown";
  return fmt::format("{}/{}", status, ready.reason);
}

// What a tap goes through on its way is no news; a tap that somebody has to correct is.
bool MayPass(const std::vector<plan::Condition>& conditions) {
  using Value = plan::Condition::Value;
  if (conditions.front().status == Value::kTrue) return false;
  return std::none_of(conditions.begin(), conditions.end(), [](const plan::Condition& condition) {
    return condition.type == "Accepted" && condition.status == Value::kFalse;
  });
}

bool IsOfThisVersion(const Json& status, int64_t generation) {
  return status.is_object() && status.value("observedGeneration", Json()) == generation;
}

}  // namespace

Json TapReconciler::FormerStatus(const kube::Object& tap) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = memory_.find(tap.key());
    if (found != memory_.end() && found->second.last) {
      if (found->second.last->over == tap.resource_version()) return found->second.last->status;
      found->second.last.reset();
    }
  }
  const Json* status = tap.Find("/status");
  return status == nullptr ? Json() : *status;
}

void TapReconciler::NoteWritten(const kube::Object& tap, Json status) {
  absl::MutexLock lock(&mutex_);
  memory_[tap.key()].last = Written{tap.resource_version(), std::move(status)};
}

bool TapReconciler::MayWriteCounts(const kube::ObjectKey& key) {
  const base::Nanos now = ports_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  auto& written = memory_[key].written;
  if (written && now - *written < ports_.counts_interval()) return false;
  written = now;
  return true;
}

base::Nanos TapReconciler::Announce(const kube::Object& tap,
                                    const std::vector<plan::Condition>& conditions,
                                    const std::string& former) {
  const plan::Condition& ready = conditions.front();
  const std::string text = TextOf(ready);
  {
    const base::Nanos now = ports_.clock->Monotonic();
    absl::MutexLock lock(&mutex_);
    Memory& memory = memory_[tap.key()];
    if (!memory.told) memory.told = former;  // of a former operator; later it is our own
    if (memory.told == text) {
      memory.untold.reset();
      return 0;
    }
    if (!memory.untold) memory.untold = now;
    const base::Nanos lasted = now - *memory.untold;
    if (MayPass(conditions) && lasted < kPassing) return kPassing - lasted;
    memory.told = text;
    memory.untold.reset();
  }
  ports_.announce(tap, ready);
  return 0;
}

controller::ReconcileResult TapReconciler::Told(const kube::Object& tap,
                                                const TapStatusInput& input,
                                                controller::ReconcileResult later) {
  const base::Nanos until = Announce(tap, TapConditions(input), ReadyStatus(input.former));
  if (until > 0) later.requeue_after = std::min(later.requeue_after, until);
  return later;
}

StatusOr<controller::ReconcileResult> TapReconciler::Reconcile(const kube::ObjectKey& key) {
  const auto tap = ports_.tap(key);
  if (!tap || tap->deleting()) {
    absl::MutexLock lock(&mutex_);
    memory_.erase(key);
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
  if (IsSameStatus(input.former, status)) return Told(*tap, input, later);
  const bool news = DiffersBeyondCounts(input.former, status);
  if (ports_.settling() && IsOfThisVersion(input.former, tap->generation())) {
    return controller::ReconcileResult{base::kSecond};
  }
  if (!MayWriteCounts(key) && !news) return Told(*tap, input, later);
  const auto& resource = tap->ns().empty() ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
  TT_RETURN_IF_ERROR(WriteStatus(*ports_.kube, resource, *tap, status));
  NoteWritten(*tap, status);
  for (const auto& dump : EndedDumps(input.former, status)) {
    ports_.announce_dump(*tap, dump.warning, dump.message);
  }
  return Told(*tap, input, later);
}

}  // namespace traffictap::reconcilers
