// SPDX-License-Identifier: Apache-2.0

// Three things are paced apart from each other. The status is written when its state changes: at
// once, but for a tap that is on its way, which has several states within a second or two, and of
// those the last one is written. Counts alone are written at the interval that all taps share. And
// an Event tells people of a new Ready, but where it may pass by itself only once it has lasted. What
// pairers may take of maxRecords is written at once, as nobody has it before. For a while after the
// start nothing is written over what a former operator knew better.
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
// The collector takes a tap within a moment, the proxies a patch within a second or two.
constexpr base::Nanos kOnItsWay = 2 * base::kSecond;

std::string ReadyStatus(const Json& status) {
  if (!status.is_object() || !status.contains("conditions")) return "";
  for (const Json& condition : status["conditions"]) {
    if (condition.value("type", "") == "Ready") {
      return condition.value("status", "") + "/" + condition.value("reason", "");
    }
  }
  return "";
}

// Nothing is wrong and nobody has to act: the proxies or the collector will answer.
bool IsOnItsWay(const Json& status) {
  const std::string ready = ReadyStatus(status);
  return ready == "False/Pending" || ready == "Unknown/CollectorPending";
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
  Memory& memory = memory_[tap.key()];
  memory.last = Written{tap.resource_version(), std::move(status)};
  memory.held.reset();
}

base::Nanos TapReconciler::Hold(const kube::ObjectKey& key, bool on_its_way) {
  const base::Nanos now = ports_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  auto& held = memory_[key].held;
  if (!on_its_way) {
    held.reset();
    return 0;
  }
  if (!held) held = now;
  // It stays at 0 until it was written: a write that fails does not begin another wait.
  return std::max<base::Nanos>(*held + kOnItsWay - now, 0);
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
  // A tap that never was in force has nothing to share.
  const bool shares = input.outcome.in_force || !input.totals.leases.empty();
  const auto leases =
      shares ? ports_.plan_leases(tap->uid(), input.totals.counts["records"]) : std::nullopt;
  if (leases) input.totals.leases = leases::ToText(*leases);
  const Json status = TapStatus(input);
  const controller::ReconcileResult later{ports_.counts_interval()};
  const bool granted = DiffersInLeases(input.former, status);
  if (leases && !granted) ports_.leases_written(tap->uid(), *leases);
  const bool news = granted || DiffersBeyondCounts(input.former, status);
  const base::Nanos held = Hold(key, news && !granted && IsOnItsWay(status));
  if (IsSameStatus(input.former, status)) return Told(*tap, input, later);
  if (ports_.settling() && IsOfThisVersion(input.former, tap->generation())) {
    return controller::ReconcileResult{base::kSecond};
  }
  if (held > 0) return Told(*tap, input, {std::min(later.requeue_after, held)});
  if (!MayWriteCounts(key) && !news) return Told(*tap, input, later);
  const auto& resource = tap->ns().empty() ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
  TT_RETURN_IF_ERROR(WriteStatus(*ports_.kube, resource, *tap, status));
  NoteWritten(*tap, status);
  if (leases) ports_.leases_written(tap->uid(), *leases);
  for (const auto& dump : EndedDumps(input.former, status)) {
    ports_.announce_dump(*tap, dump.warning, dump.message);
  }
  return Told(*tap, input, later);
}

}  // namespace traffictap::reconcilers
