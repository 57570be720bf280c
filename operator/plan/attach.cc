// SPDX-License-Identifier: Apache-2.0

// One namespace's patches, whoever of its taps wants them. In this order:
//   1. Nothing where taps are not allowed, or without a collector.
//   2. Waypoints are set aside: they ignore selectors, so each gets a patch that names its Gateway,
//      but where one Telemetry for the whole namespace reaches them as well.
//   3. Where a demand selects the whole namespace, or some workload has no label of its own, one
//      patch without a selector: it also reaches pods that start later. Never where it would reach
//      what must not be tapped, which is in the root namespace (all of the mesh) and next to our
//      own pods.
//   4. Otherwise a patch per group of workloads that one selector tells from the others.
// Too much is patched rather than too little: the collector drops what no tap asks for, and a note
// says so. What is not patched is told of each workload in not_visible; a workload has one patch at
// most.
#include "operator/plan/attach.h"

#include <algorithm>
#include <set>

#include "fmt/format.h"
#include "operator/plan/attachment_name.h"
#include "operator/plan/conflicts.h"
#include "operator/plan/istio_version.h"
#include "operator/plan/visibility.h"
#include "operator/plan/waypoints.h"
#include "operator/plan/wording.h"
#include "operator/plan/workload_selector.h"
#include "tap/targets.h"

namespace traffictap::plan {
namespace {

using Workloads = std::vector<const Workload*>;

// Whether one Telemetry serves all the pods: during a canary upgrade they are of several revisions.
bool HaveAlike(const MeshIndex& index, const std::vector<const Pod*>& pods,
               const MeshConfig& config, const CollectorProviders& providers) {
  const CollectorService& collector = *index.snapshot().collector;
  return std::all_of(pods.begin(), pods.end(), [&](const Pod* pod) {
    const MeshConfig& other = index.ConfigOf(*pod);
    return other.default_access_logging == config.default_access_logging &&
           FindProviders(collector, other).http == providers.http;
  });
}

// One namespace's work; each step tells `out_` what it did or why it could not.
class Attacher {
 public:
  Attacher(const MeshIndex& index, const std::string& ns, const std::vector<Demand>& demands);
  NamespaceAttachment Run();

 private:
  bool Refused();
  void AttachWhole(Mechanism mechanism, const Workloads& workloads);
  void AttachGroups(Mechanism mechanism, const std::vector<Group>& groups);
  void AttachGroup(Mechanism mechanism, const Group& group);
  void AttachWaypoint(const Workload& workload);
  bool SelectorIsSafe(const Group& group);
  // Adds the patch unless a Telemetry cannot be written there.
  void Add(Patch patch, const Workloads& workloads, const std::vector<const Pod*>& pods);
  bool PrepareTelemetry(Patch* patch, const Workloads& workloads,
                        const std::vector<const Pod*>& pods);
  void TellOverridden(const Patch& patch, const Workload& workload);
  void SetOwners(Patch* patch, const Workloads& workloads) const;
  std::vector<const Pod*> ReachablePods() const;
  void Hide(const Workloads& workloads, const Note& note);

  const MeshIndex& index_;
  const std::string& ns_;
  const std::vector<Demand>& demands_;
  bool whole_ = false;
  const HeaderSets* standing_ = nullptr;
  Workloads workloads_;
  std::vector<std::set<const Workload*>> wanted_;  // per demand
  NamespaceAttachment out_;
};

Attacher::Attacher(const MeshIndex& index, const std::string& ns,
                   const std::vector<Demand>& demands)
    : index_(index), ns_(ns), demands_(demands) {
  std::set<const Workload*> all;
  for (const Demand& demand : demands) {
    std::set<const Workload*> wanted;
    for (const SelectedWorkload& selected : demand.selection->workloads) {
      if (selected.workload->ns == ns) wanted.insert(selected.workload);
    }
    if (demand.standing != nullptr) standing_ = demand.standing;
    all.insert(wanted.begin(), wanted.end());
    wanted_.push_back(std::move(wanted));
    whole_ = whole_ || demand.selection->whole_namespaces.contains(ns);
  }
  for (const Workload& workload : index.WorkloadsOf(ns)) {
    if (!all.contains(&workload)) continue;
    workloads_.push_back(&workload);
    out_.outcomes[&workload].not_visible = BlindSpots(index, workload);
  }
}

void Attacher::Hide(const Workloads& workloads, const Note& note) {
  for (const Workload* workload : workloads) {
    out_.outcomes[workload].not_visible.push_back({workload->subject(), note.reason, note.message});
  }
}

bool Attacher::Refused() {
  if (index_.IsForbidden(ns_)) return true;  // told as a blind spot
  if (index_.snapshot().collector) return false;
  Hide(workloads_, {"", "CollectorNotFound", "the collector's Service is not there: install it"});
  return true;
}

// In the root namespace a selector holds for the pods of all namespaces.
std::vector<const Pod*> Attacher::ReachablePods() const {
  std::vector<const Pod*> out;
  for (const auto& [ns, workloads] : index_.namespaces()) {
    if (ns != ns_ && ns_ != index_.mesh().root_namespace) continue;
    for (const Workload& workload : workloads) {
      std::copy_if(workload.pods.begin(), workload.pods.end(), std::back_inserter(out),
                   [](const Pod* pod) { return IsPatchable(*pod); });
    }
  }
  return out;
}

NamespaceAttachment Attacher::Run() {
  if (Refused()) return std::move(out_);
  const MeshSettings& mesh = index_.mesh();
  const Mechanism mechanism =
      mesh.envoy_filter_allowed ? Mechanism::kEnvoyFilter : Mechanism::kTelemetry;
  Workloads by_labels;
  Workloads waypoints;
  for (const Workload* workload : workloads_) {
    if (IsWaypoint(*workload))
      waypoints.push_back(workload);
    else if (IsReachable(index_, *workload))
      by_labels.push_back(workload);
  }
  const std::vector<Group> groups =
      whole_ ? std::vector<Group>() : GroupBySelector(by_labels, ReachablePods());
  const bool some_without = std::any_of(groups.begin(), groups.end(),
                                        [](const Group& group) { return group.labels.empty(); });
  const bool may_be_whole = !index_.HoldsOurs(ns_) && ns_ != mesh.root_namespace;
  if ((whole_ || some_without) && may_be_whole) {
    if (mechanism == Mechanism::kTelemetry) {
      by_labels.insert(by_labels.end(), waypoints.begin(), waypoints.end());
      waypoints.clear();
    }
    AttachWhole(mechanism, by_labels);
  } else {
    AttachGroups(mechanism, whole_ ? GroupBySelector(by_labels, ReachablePods()) : groups);
  }
  for (const Workload* waypoint : waypoints) AttachWaypoint(*waypoint);
  return std::move(out_);
}

void Attacher::AttachWhole(Mechanism mechanism, const Workloads& workloads) {
  if (workloads.empty()) return;
  Patch patch;
  patch.at.ns = ns_;
  patch.at.name = NamespacePatchName();
  patch.mechanism = mechanism;
  std::vector<const Pod*> pods;
  for (const Workload* workload : workloads) {
    pods.insert(pods.end(), workload->pods.begin(), workload->pods.end());
    if (mechanism == Mechanism::kTelemetry) TellOverridden(patch, *workload);
  }
  if (!whole_) {
    for (const Workload* workload : workloads) {
      out_.outcomes[workload].notes.push_back(
          {workload->subject(), "AlsoCovers",
           "no label distinguishes a tapped workload, so all proxies in the namespace send; the "
           "collector drops what no tap asks for"});
    }
  }
  Add(std::move(patch), workloads, pods);
}

void Attacher::AttachGroups(Mechanism mechanism, const std::vector<Group>& groups) {
  for (const Group& group : groups) AttachGroup(mechanism, group);
}

bool Attacher::SelectorIsSafe(const Group& group) {
  if (group.labels.empty()) {
    Hide(group.workloads, {"", "NoLabels",
                           "its pods share no stable label to select them by, and a patch of the "
                           "whole namespace is not allowed here: label them"});
    return false;
  }
  for (const Pod* pod : group.others) {
    if (pod->ours) {
      Hide(group.workloads, {"", "OwnComponent",
                             "its labels also match TrafficTap's own pods, which are never tapped: "
                             "give it a unique label"});
      return false;
    }
    if (pod->ns != ns_) {
      Hide(group.workloads, {"", "RootNamespace",
                             fmt::format("its labels also match pods in {}, and a patch in the "
                                         "root namespace would reach them: give it a unique label",
                                         pod->ns)});
      return false;
    }
  }
  return true;
}

void Attacher::AttachGroup(Mechanism mechanism, const Group& group) {
  if (!SelectorIsSafe(group)) return;
  Patch patch;
  patch.at.ns = ns_;
  patch.at.name = PatchNameOf(*group.workloads.front());
  patch.mechanism = mechanism;
  const auto gateway = group.labels.find(tap::kGatewayNameLabel);
  if (mechanism == Mechanism::kTelemetry && gateway != group.labels.end()) {
    patch.at.targets = {{"gateway.networking.k8s.io", "Gateway", gateway->second}};
  } else {
    patch.at.selector = group.labels;
  }
  std::set<std::string> others;
  for (const Pod* pod : group.others) others.insert(pod->workload_kind + "/" + pod->workload);
  if (!others.empty()) {
    const std::vector<std::string> names(others.begin(), others.end());
    for (const Workload* workload : group.workloads) {
      out_.outcomes[workload].notes.push_back(
          {workload->subject(), "AlsoCovers",
           fmt::format("its labels hold for {} too, so their proxies send as well; the collector "
                       "drops what no tap asks for",
                       Listed(names))});
    }
  }
  Add(std::move(patch), group.workloads, group.pods);
}

// Waypoints ignore selectors: a patch names their Gateway.
void Attacher::AttachWaypoint(const Workload& workload) {
  const Workloads only = {&workload};
  Patch patch;
  patch.at.ns = ns_;
  patch.at.name = PatchNameOf(workload);
  patch.at.targets = {{"gateway.networking.k8s.io", "Gateway", workload.pods.front()->gateway}};
  const bool filter = TakesEnvoyFilter(index_, patch.at);
  if (!filter && !index_.mesh().telemetry_allowed) {
    return Hide(only, {"", "TelemetryForbidden",
                       "before Istio 1.27 a waypoint can be tapped by Telemetry alone, which this "
                       "installation may not write: allow it, or upgrade Istio"});
  }
  patch.mechanism = filter ? Mechanism::kEnvoyFilter : Mechanism::kTelemetry;
  Add(std::move(patch), only, workload.pods);
}

void Attacher::TellOverridden(const Patch& patch, const Workload& workload) {
  for (const TelemetrySummary& telemetry : index_.snapshot().telemetries) {
    if (telemetry.at.ns != patch.at.ns || telemetry.at.whole_namespace()) continue;
    if (telemetry.access_logging.empty()) continue;
    if (!AppliesTo(telemetry.at, *workload.pods.front(), index_.mesh().root_namespace)) continue;
    Hide({&workload},
         {"", "TelemetryConflict",
          fmt::format("Telemetry {}/{} overrides the namespace's access logs here: add "
                      "the collector's provider to it",
                      telemetry.at.ns, telemetry.at.name)});
  }
}

bool Attacher::PrepareTelemetry(Patch* patch, const Workloads& workloads,
                                const std::vector<const Pod*>& pods) {
  if (!index_.mesh().telemetry_allowed) {
    Hide(workloads, {"", "AttachmentForbidden",
                     "neither EnvoyFilter nor Telemetry may be written: allow one of them"});
    return false;
  }
  if (!patch->at.targets.empty() && !IsAtLeast(index_.mesh().istio_version, 1, 22)) {
    Hide(workloads, {"", "IstioTooOld",
                     fmt::format("needs a Telemetry with targetRefs, which Istio has since 1.22; "
                                 "this is {}: upgrade it",
                                 index_.mesh().istio_version)});
    return false;
  }
  const CollectorService& collector = *index_.snapshot().collector;
  const MeshConfig& config = index_.ConfigOf(*pods.front());
  const CollectorProviders providers = FindProviders(collector, config);
  if (!HaveAlike(index_, pods, config, providers)) {
    Hide(workloads, {"", "RevisionsDiffer",
                     "its pods belong to revisions of istiod whose MeshConfigs name different "
                     "access log providers, which one Telemetry cannot serve: make them alike"});
    return false;
  }
  if (providers.http.empty()) {
    Hide(workloads,
         {"", "ProviderMissing",
          fmt::format("MeshConfig has no extension provider with envoyHttpAls service {} "
                      "port {}: add one",
                      collector.host, collector.port)});
    return false;
  }
  // Istio puts it on TCP proxies as well: a TCP provider beside it would log everything twice.
  patch->providers = {providers.http};
  if (const auto conflict = TelemetryConflict(index_, patch->at, pods)) {
    Hide(workloads, *conflict);
    return false;
  }
  std::string blocker;
  const auto inherited = InheritedLogging(index_, patch->at, config, &blocker);
  if (!inherited) {
    Hide(workloads, {"", "TelemetryConflict",
                     fmt::format("Telemetry {} logs these proxies with a filter, which a narrower "
                                 "Telemetry would turn off: add the collector's provider to it",
                                 blocker)});
    return false;
  }
  patch->kept = *inherited;
  for (AccessLogging& logging : patch->kept) {
    std::erase_if(logging.providers, [&](const std::string& name) {
      return name == providers.http || name == providers.tcp;
    });
  }
  std::erase_if(patch->kept,
                [](const AccessLogging& logging) { return logging.providers.empty(); });
  return true;
}

// A standing patch is the same whoever taps: neither its owners nor what it logs follow the taps, but
// where a Telemetry's headers are MeshConfig's anyway.
void Attacher::SetOwners(Patch* patch, const Workloads& workloads) const {
  HeaderSets headers;
  for (size_t i = 0; i < demands_.size(); ++i) {
    const bool wants = std::any_of(workloads.begin(), workloads.end(),
                                   [&](const Workload* w) { return wanted_[i].contains(w); });
    if (!wants || demands_[i].standing != nullptr) continue;
    const tap::TapSpec& spec = *demands_[i].spec;
    if (standing_ == nullptr) patch->owners.push_back(demands_[i].tap);
    patch->http = patch->http || tap::WantsHttp(spec);
    patch->tcp = patch->tcp || tap::WantsTcp(spec);
    AddWantedHeaders(spec, &headers);
  }
  if (standing_ != nullptr) {
    patch->standing = patch->http = patch->tcp = true;
    if (patch->mechanism == Mechanism::kEnvoyFilter) headers = *standing_;
  }
  // A tap has two demands where it has peers.
  std::sort(patch->owners.begin(), patch->owners.end());
  patch->owners.erase(std::unique(patch->owners.begin(), patch->owners.end()), patch->owners.end());
  patch->request_headers.assign(headers.request.begin(), headers.request.end());
  patch->response_headers.assign(headers.response.begin(), headers.response.end());
  patch->open_streams = headers.open_streams;
}

void Attacher::Add(Patch patch, const Workloads& workloads, const std::vector<const Pod*>& pods) {
  const bool telemetry = patch.mechanism == Mechanism::kTelemetry;
  if (telemetry && !PrepareTelemetry(&patch, workloads, pods)) return;
  SetOwners(&patch, workloads);
  patch.collector_host = index_.snapshot().collector->host;
  patch.collector_port = index_.snapshot().collector->port;
  const bool headers = !patch.request_headers.empty() || !patch.response_headers.empty();
  for (const Workload* workload : workloads) {
    Outcome& outcome = out_.outcomes[workload];
    outcome.patch = IdOf(patch);
    outcome.stands = patch.standing;
    if (!telemetry) outcome.standing = standing_;
    if (telemetry && headers) {
      outcome.notes.push_back(
          {workload->subject(), "HeadersByProvider",
           "is tapped by Telemetry: only the headers that MeshConfig's provider names arrive"});
    }
    if (telemetry && patch.open_streams > 0) {
      outcome.notes.push_back(
          {workload->subject(), "OpenStreamsByTelemetry",
           "is tapped by Telemetry, which cannot ask for open streams: they are recorded when they "
           "end"});
    }
    const EnvoyFilterSummary* replacer =
        telemetry ? nullptr : ReplacesAccessLog(index_, *workload->pods.front());
    if (replacer == nullptr) continue;
    outcome.not_visible.push_back(
        {workload->subject(), "AccessLogReplaced",
         fmt::format("EnvoyFilter {}/{} replaces the access loggers of these proxies, ours "
                     "included if it is applied later: use operation MERGE in it",
                     replacer->at.ns, replacer->at.name)});
  }
  if (telemetry) {
    patch.http = patch.tcp = false;
    patch.request_headers.clear();
    patch.response_headers.clear();
    patch.open_streams = 0;
  }
  out_.patches.push_back(std::move(patch));
}

}  // namespace

NamespaceAttachment Attach(const MeshIndex& index, const std::string& ns,
                           const std::vector<Demand>& demands) {
  return Attacher(index, ns, demands).Run();
}

}  // namespace traffictap::plan
