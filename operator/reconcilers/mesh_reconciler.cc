// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/mesh_reconciler.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
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

using Statuses = std::map<std::string, const kube::Json*>;  // by tap; they live as long as the taps

Statuses StatusesOf(const Objects& taps) {
  Statuses out;
  for (const auto& tap : taps) {
    if (const kube::Json* status = tap->Find("/status")) out.emplace(tap->key().ToString(), status);
  }
  return out;
}

const kube::Json& StatusOf(const Statuses& statuses, const std::string& tap) {
  static const kube::Json kNothing;
  const auto found = statuses.find(tap);
  return found == statuses.end() ? kNothing : *found->second;
}

// The taps that want an object, each with its namespace: what is refused in one says nothing of what
// a tap of the cluster has in another.
std::set<std::string> TapsOf(const Object& object) {
  std::set<std::string> out;
  for (const auto& owner : object.owner_references()) {
    const bool tap =
        owner.kind == kube::kTrafficTaps.kind || owner.kind == kube::kClusterTrafficTaps.kind;
    if (tap) out.insert(object.ns() + "/" + owner.uid);
  }
  return out;
}

// A patch that is to outlive its taps needs an owner that stays.
std::optional<mesh::Keeper> KeeperOf(const plan::MeshSnapshot& snapshot,
                                     const mesh::Installation& own) {
  for (const auto& ns : snapshot.namespaces) {
    if (ns.name == own.ns) return mesh::Keeper{ns.name, ns.uid};
  }
  return std::nullopt;
}

// What an Event about a drain is about.
std::vector<Object> RegardingOf(const plan::Drain& drain) {
  std::vector<Object> out;
  for (const auto& tap : drain.taps) {
    const auto& resource = tap.ns.empty() ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
    kube::Json metadata{{"name", tap.name}, {"uid", tap.uid}};
    if (!tap.ns.empty()) metadata["namespace"] = tap.ns;
    out.emplace_back(kube::Json{
        {"apiVersion", resource.ApiVersion()}, {"kind", resource.kind}, {"metadata", metadata}});
  }
  if (!out.empty()) return out;
  const size_t ns = drain.patch.find('/');
  const size_t name = drain.patch.find('/', ns + 1);
  const bool filter = drain.patch.starts_with(kube::kEnvoyFilters.kind);
  const auto& resource = filter ? kube::kEnvoyFilters : kube::kTelemetries;
  out.emplace_back(kube::Json{{"apiVersion", resource.ApiVersion()},
                              {"kind", resource.kind},
                              {"metadata",
                               {{"namespace", drain.patch.substr(ns + 1, name - ns - 1)},
                                {"name", drain.patch.substr(name + 1)}}}});
  return out;
}

// What istiods have pushed, not long before a patch is written: a pass may take minutes.
class LastPushes {
 public:
  LastPushes(std::function<istiod::PushVersions()> ask, const base::Clock* clock)
      : ask_(std::move(ask)), clock_(clock) {}

  const istiod::PushVersions& Now() {
    if (!asked_ || clock_->Monotonic() - *asked_ >= kFresh) {
      pushes_ = ask_();
      asked_ = clock_->Monotonic();
    }
    return pushes_;
  }

 private:
  static constexpr base::Nanos kFresh = base::kSecond;

  const std::function<istiod::PushVersions()> ask_;
  const base::Clock* const clock_;
  std::optional<base::Nanos> asked_;  // monotonic
  istiod::PushVersions pushes_;
};

// Writes one kind's objects as long as `goes_on` holds. A failure is noted at its patch and does not
// stop the others.
class KindWriter {
 public:
  KindWriter(kube::KubeClient* kube, const kube::Resource& resource,
             const std::vector<Object>& desired, const std::vector<Object>& live,
             const base::Clock* clock, LastPushes* pushes, std::function<bool()> goes_on,
             PatchStates* states)
      : kube_(kube),
        resource_(resource),
        diff_(mesh::Diff(desired, live)),
        clock_(clock),
        pushes_(pushes),
        goes_on_(std::move(goes_on)),
        states_(states) {
    for (const auto& object : live) {
      (*states_)[PatchName(object)] = {AppliedAt(object), "", ContentOf(object)};
    }
  }

  // The taps of what was refused are added to `unserved`.
  void ApplyAll(std::set<std::string>* unserved) {
    for (const auto& object : diff_.to_apply) {
      if (!goes_on_()) {
        Leave(object);
      } else if (!Apply(object)) {
        unserved->merge(TapsOf(object));
      }
    }
  }

  // Keeps what a tap has that could not get the patch that was to take its place.
  void DeleteAll(const std::set<std::string>& unserved) {
    for (const auto& object : diff_.to_delete) {
      const auto taps = TapsOf(object);
      const bool needed = std::any_of(
          taps.begin(), taps.end(), [&](const std::string& tap) { return unserved.contains(tap); });
      if (needed || !goes_on_()) {
        Leave(object);
      } else {
        Delete(object);
      }
    }
  }

  bool good() const { return good_; }

 private:
  bool Apply(const Object& object) {
    PatchState& state = (*states_)[PatchName(object)];
    const istiod::PushVersions before = pushes_->Now();
    const base::Nanos now = clock_->Wall();
    const auto applied = kube_->Apply(resource_, object, {kFieldManager, true, false});
    if (applied.ok()) {
      state.applied = now;
      state.before = before;
      state.content = ContentOf(*applied);
      log::For("mesh").info("patch applied patch={}", PatchName(object));
      return true;
    }
    // A namespace that is going takes nothing new and needs nothing.
    if (kube::IsNotFound(applied.status())) return true;
    good_ = false;
    state.error = Message(applied.status());
    log::For("mesh").error("patch refused patch={} err=\"{}\"", PatchName(object), state.error);
    return false;
  }

  // It stays as it is for now, so that nothing drains.
  void Leave(const Object& object) { (*states_)[PatchName(object)].error = "not written yet"; }

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
    (*states_)[PatchName(object)].error = Message(deleted);
    good_ = false;
  }

  kube::KubeClient* const kube_;
  const kube::Resource& resource_;
  const mesh::ObjectDiff diff_;
  const base::Clock* const clock_;
  LastPushes* const pushes_;
  const std::function<bool()> goes_on_;
  PatchStates* const states_;
  bool good_ = true;
};

}  // namespace

plan::MeshSnapshot MeshReconciler::Gather(const MeshObjects& objects, base::Nanos now) {
  plan::MeshSnapshot snapshot;
  snapshot.now = now;
  snapshot.mesh = ports_.settings();
  snapshot.mesh.root_namespace = own_.root_namespace;
  snapshot.taps = taps_.Read(objects.taps);
  for (const Objects* list : {&objects.others, &objects.envoy_filters, &objects.telemetries}) {
    for (const auto& object : *list) mesh::AddToSnapshot(*object, own_, &snapshot);
  }
  GatherRecords(objects, &snapshot.taps);
  return snapshot;
}

void MeshReconciler::GatherRecords(const MeshObjects& objects, std::vector<plan::TapObject>* taps) {
  const auto reports = ports_.reports();
  const Statuses statuses = StatusesOf(objects.taps);
  std::vector<leases::TapLimit> limits;
  for (auto& tap : *taps) {
    // A limit by number must hold now, not when the status is next written.
    const auto totals = AddUp(tap.key(), tap.uid, reports, StatusOf(statuses, tap.key()));
    const auto records = totals.counts.find("records");
    if (records != totals.counts.end()) tap.records = std::max(tap.records, records->second);
    if (!tap.spec || !tap.spec->limits.max_records) continue;
    limits.push_back({tap.uid, *tap.spec->limits.max_records, totals.leases});
  }
  ports_.set_limits(limits);
  for (auto& tap : *taps) {
    const bool ends =
        tap.spec && tap.spec->limits.max_records && ports_.records_end(tap.uid, tap.records);
    if (ends) tap.records = std::max(tap.records, *tap.spec->limits.max_records);
  }
}

Status MeshReconciler::Act(const plan::MeshPlan& plan, const plan::MeshSnapshot& snapshot,
                           const MeshObjects& objects, PatchStates* states) {
  LastPushes pushes(ports_.pushes, ports_.clock);
  // Not again once it is false: what is deleted would leave a gap where not all was applied before.
  bool led = true;
  const auto goes_on = [&led, this] {
    ports_.next_step();
    return led = led && ports_.leads();
  };
  const auto keeper = KeeperOf(snapshot, own_);
  std::vector<Object> filters;
  std::vector<Object> telemetries;
  for (const auto& patch : plan.patches) {
    auto& list = patch.mechanism == plan::Mechanism::kEnvoyFilter ? filters : telemetries;
    const bool stays = patch.standing || snapshot.mesh.patch_grace > 0 || mesh::NeedsKeeper(patch);
    list.push_back(mesh::Render(patch, stays ? keeper : std::nullopt));
  }
  KindWriter filter_writer(ports_.kube, kube::kEnvoyFilters, filters,
                           OwnObjects(objects.envoy_filters), ports_.clock, &pushes, goes_on,
                           states);
  KindWriter telemetry_writer(ports_.kube, kube::kTelemetries, telemetries,
                              OwnObjects(objects.telemetries), ports_.clock, &pushes, goes_on,
                              states);
  // Across both kinds first what is new and then what goes: whenever we are cut off, each tap has a
  // patch. For a moment a proxy may log twice; istiod mostly sees both changes as one.
  std::set<std::string> unserved;
  filter_writer.ApplyAll(&unserved);
  telemetry_writer.ApplyAll(&unserved);
  filter_writer.DeleteAll(unserved);
  telemetry_writer.DeleteAll(unserved);
  if (!led) return absl::AbortedError("write patches: this replica no longer leads");
  if (filter_writer.good() && telemetry_writer.good()) return absl::OkStatus();
  return absl::UnavailableError("write patches: some were refused, see the lines before");
}

void MeshReconciler::TellDrains(const plan::MeshPlan& plan, const PatchStates& states) const {
  for (const auto& drain : plan.drains) {
    const auto state = states.find(drain.patch);
    if (state != states.end() && !state->second.error.empty()) continue;  // nothing happened
    log::For("mesh").info("connections drain patch={} message=\"{}\"", drain.patch, drain.message);
    for (const auto& object : RegardingOf(drain)) ports_.announce_drain(object, drain.message);
  }
}

void MeshReconciler::TellFaults(const plan::MeshPlan& plan, const MeshObjects& objects) {
  for (const auto& fault : plan.faults) {
    if (std::binary_search(told_faults_.begin(), told_faults_.end(), fault)) continue;
    log::For("mesh").warn("namespace says its attachment wrongly namespace={} message=\"{}\"",
                          fault.subject, fault.message);
    for (const auto& object : objects.others) {
      if (object->kind() != kube::kNamespaces.kind || object->name() != fault.subject) continue;
      ports_.announce_fault(*object, fault.reason, fault.message);
    }
  }
  told_faults_ = plan.faults;
}

void MeshReconciler::TellDestinations(const MeshObjects& objects,
                                      const plan::MeshSnapshot& snapshot) {
  for (const auto& object : objects.others) {
    if (object->kind() != kube::kTapDestinations.kind || object->deleting()) continue;
    for (const auto& destination : snapshot.destinations) {
      if (destination.name != object->name()) continue;
      const auto status = DestinationStatus(*object, destination.faults, snapshot.now);
      if (!status) continue;
      ports_.next_step();
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
  plan::MeshSnapshot snapshot = Gather(objects, now);
  const auto peer_goes = ports_.peers->Fill(&snapshot);
  plan::MeshPlan plan = plan::Compile(snapshot);
  // The collector first, and where several processes share its work all of them: what a new patch brings
  // must find its tap there.
  ports_.set_taps(plan.compiled_taps);
  PatchStates states;
  const Status written = Act(plan, snapshot, objects, &states);
  // Also of what was written before we were cut off: whoever leads now finds it as planned.
  TellDrains(plan, states);
  if (absl::IsAborted(written)) return written;
  TellFaults(plan, objects);
  controller::ReconcileResult result;
  if (plan.next_change) {
    result.requeue_after = std::max<base::Nanos>(*plan.next_change - now, base::kMillisecond);
  }
  // With something else to do before, that one is asked then.
  if (peer_goes && (result.requeue_after == 0 || *peer_goes < result.requeue_after)) {
    result.requeue_after = *peer_goes;
  }
  TellDestinations(objects, snapshot);
  ports_.board->SetPlan(std::move(plan), std::move(states));
  ports_.plan_changed();
  if (!written.ok()) return written;
  return result;
}

}  // namespace traffictap::reconcilers
