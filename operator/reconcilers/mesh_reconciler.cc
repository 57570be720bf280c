#include "operator/reconcilers/mesh_reconciler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/rfc3339.h"
#include "fmt/format.h"
#include "operator/mesh/object_diff.h"
#include "operator/mesh/render.h"
#include "operator/mesh/snapshot_objects.h"
#include "operator/plan/compile.h"
#include "operator/reconcilers/destination_status.h"
#include "operator/reconcilers/tap_totals.h"
#include "operator/reconcilers/write_status.h"

namespace traffictap::reconcilers {
namespace {

using kube::Object;

std::string PatchName(const Object& object) {
  return fmt::format("{}/{}/{}", object.kind(), object.ns(), object.name());
}

std::vector<Object> OwnObjects(const Objects& objects) {
  std::vector<Object> out;
  for (const auto& object : objects) {
    if (object->label(mesh::kManagedByLabel) == mesh::kManagedByValue) out.push_back(*object);
  }
  return out;
}

// When our content was last written, as the API server remembers it.
base::Nanos AppliedAt(const Object& object) {
  const kube::Json* fields = object.Find("/metadata/managedFields");
  if (fields == nullptr || !fields->is_array()) return 0;
  base::Nanos newest = 0;
  for (const kube::Json& field : *fields) {
    if (!field.is_object() || field.value("manager", "") != kFieldManager) continue;
    newest = std::max(newest, base::ParseRfc3339(field.value("time", "")).value_or(0));
  }
  return newest;
}

std::string ContentOf(const Object& object) {
  return fmt::format("{}/{}", object.uid(), object.generation());
}

const kube::Json& StatusOf(const Objects& taps, const std::string& key) {
  static const kube::Json kNothing;
  for (const auto& tap : taps) {
    if (tap->key().ToString() != key) continue;
    const kube::Json* status = tap->Find("/status");
    return status == nullptr ? kNothing : *status;
  }
  return kNothing;
}

// Writes one kind's objects. A failure is noted at its patch and does not stop the others.
class KindWriter {
 public:
  KindWriter(kube::KubeClient* kube, const kube::Resource& resource, base::Nanos now,
             PatchStates* states)
      : kube_(kube), resource_(resource), now_(now), states_(states) {}

  bool Write(const std::vector<Object>& desired, const std::vector<Object>& live) {
    const auto diff = mesh::Diff(desired, live);
    for (const auto& object : live) {
      (*states_)[PatchName(object)] = {AppliedAt(object), "", ContentOf(object)};
    }
    for (const auto& object : diff.to_delete) Delete(object);
    for (const auto& object : diff.to_apply) Apply(object);
    return good_;
  }

 private:
  void Apply(const Object& object) {
    PatchState& state = (*states_)[PatchName(object)];
    const auto applied = kube_->Apply(resource_, object, {kFieldManager, true, false});
    if (applied.ok()) {
      state.applied = now_;
      state.content = ContentOf(*applied);
      log::For("mesh").info("patch applied patch={}", PatchName(object));
      return;
    }
    // A namespace that is going takes nothing new and needs nothing.
    if (kube::IsNotFound(applied.status())) return;
    good_ = false;
    state.error = Message(applied.status());
    log::For("mesh").error("patch refused patch={} err=\"{}\"", PatchName(object), state.error);
  }

  void Delete(const Object& object) {
    const auto deleted =
        kube_->Delete(resource_, object.key(), {object.uid(), object.resource_version()});
    if (deleted.ok() || kube::IsNotFound(deleted)) {
      log::For("mesh").info("patch removed patch={}", PatchName(object));
      return;
    }
    // Changed since we saw it: the watch brings it again.
    if (!kube::IsConflict(deleted)) {
      log::For("mesh").error("patch not removed patch={} err=\"{}\"", PatchName(object),
                             Message(deleted));
    }
    good_ = false;
  }

  kube::KubeClient* const kube_;
  const kube::Resource& resource_;
  const base::Nanos now_;
  PatchStates* const states_;
  bool good_ = true;
};

}  // namespace

plan::MeshSnapshot MeshReconciler::Gather(const MeshObjects& objects, base::Nanos now) const {
  plan::MeshSnapshot snapshot;
  snapshot.now = now;
  snapshot.mesh = ports_.settings();
  snapshot.mesh.root_namespace = own_.root_namespace;
  for (const Objects* list :
       {&objects.taps, &objects.others, &objects.envoy_filters, &objects.telemetries}) {
    for (const auto& object : *list) mesh::AddToSnapshot(*object, own_, &snapshot);
  }
  const auto reports = ports_.reports();
  for (auto& tap : snapshot.taps) {
    // A limit by number must hold now, not when the status is next written.
    const auto totals = AddUp(tap.key(), tap.uid, reports, StatusOf(objects.taps, tap.key()));
    const auto records = totals.counts.find("records");
    if (records != totals.counts.end()) tap.records = std::max(tap.records, records->second);
  }
  return snapshot;
}

bool MeshReconciler::Act(const plan::MeshPlan& plan, const MeshObjects& objects, base::Nanos now,
                         PatchStates* states) {
  std::vector<Object> filters;
  std::vector<Object> telemetries;
  for (const auto& patch : plan.patches) {
    auto& list = patch.mechanism == plan::Mechanism::kEnvoyFilter ? filters : telemetries;
    list.push_back(mesh::Render(patch));
  }
  KindWriter filter_writer(ports_.kube, kube::kEnvoyFilters, now, states);
  KindWriter telemetry_writer(ports_.kube, kube::kTelemetries, now, states);
  const bool filters_good = filter_writer.Write(filters, OwnObjects(objects.envoy_filters));
  const bool telemetries_good =
      telemetry_writer.Write(telemetries, OwnObjects(objects.telemetries));
  return filters_good && telemetries_good;
}

void MeshReconciler::TellDestinations(const MeshObjects& objects,
                                      const plan::MeshSnapshot& snapshot) {
  for (const auto& object : objects.others) {
    if (object->kind() != kube::kTapDestinations.kind || object->deleting()) continue;
    for (const auto& destination : snapshot.destinations) {
      if (destination.name != object->name()) continue;
      const auto status = DestinationStatus(*object, destination.faults, snapshot.now);
      if (!status) continue;
      // What fails here is tried again with the next compare: no tap depends on it.
      const Status written = WriteStatus(*ports_.kube, kube::kTapDestinations, *object, *status);
      if (written.ok()) continue;
      log::For("mesh").warn("status not written destination={} err=\"{}\"", object->name(),
                            Message(written));
    }
  }
}

StatusOr<controller::ReconcileResult> MeshReconciler::Reconcile(const kube::ObjectKey&) {
  const MeshObjects objects = ports_.objects();
  const base::Nanos now = ports_.clock->Wall();
  const plan::MeshSnapshot snapshot = Gather(objects, now);
  plan::MeshPlan plan = plan::Compile(snapshot);
  // The collector first: what a new patch brings must find its tap there.
  ports_.set_taps(plan.compiled_taps);
  PatchStates states;
  const bool good = Act(plan, objects, now, &states);
  controller::ReconcileResult result;
  if (plan.next_change) {
    result.requeue_after = std::max<base::Nanos>(*plan.next_change - now, base::kMillisecond);
  }
  TellDestinations(objects, snapshot);
  ports_.board->SetPlan(std::move(plan), std::move(states));
  ports_.plan_changed();
  if (!good) return absl::UnavailableError("write patches: some were refused, see above");
  return result;
}

}  // namespace traffictap::reconcilers
