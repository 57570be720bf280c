// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/selection.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "operator/plan/visibility.h"
#include "operator/plan/waypoints.h"
#include "tap/targets.h"
#include "tap/values.h"

namespace traffictap::plan {
namespace {

bool WantsAllOf(const tap::TapSpec& spec, const std::string& ns) {
  return spec.targets.empty() ||
         std::any_of(spec.targets.begin(), spec.targets.end(), [&](const tap::Target& target) {
           return target.kind == tap::TargetKind::kNamespace &&
                  (target.name.empty() || target.name == ns);
         });
}

void SelectIn(const tap::TapSpec& spec, const std::string& ns,
              const std::vector<Workload>& workloads, Selection* out) {
  if (WantsAllOf(spec, ns)) out->whole_namespaces.insert(ns);
  for (const Workload& workload : workloads) {
    SelectedWorkload selected{&workload, {}};
    std::copy_if(workload.pods.begin(), workload.pods.end(), std::back_inserter(selected.pods),
                 [&](const Pod* pod) { return IsTarget(spec, *pod); });
    if (selected.pods.empty()) continue;
    if (workload.ours) {
      out->ours.push_back(&workload);
    } else {
      out->workloads.push_back(std::move(selected));
    }
  }
}

// In a ClusterTrafficTap the labels of one namespace's Service say nothing of another's pods.
void AddPodsOf(const Service& service, bool cluster_scoped, std::vector<tap::Target>* out) {
  if (service.selector.empty() || service.external_name) return;
  out->push_back({tap::TargetKind::kPod, "", service.selector, cluster_scoped ? service.ns : ""});
}

// Labels are written by whoever works in their namespace. They bring in a waypoint that is there, and
// neither another gateway nor a name that collectors refuse.
bool IsThere(const WaypointName& waypoint, const MeshIndex& index) {
  if (!tap::IsObjectName(waypoint.name)) return false;
  const auto& workloads = index.WorkloadsOf(waypoint.ns);
  return std::any_of(workloads.begin(), workloads.end(), [&](const Workload& workload) {
    return IsWaypoint(workload) && workload.pods.front()->gateway == waypoint.name;
  });
}

// A namespace without a name is every one, with all waypoints.
std::vector<tap::Target> WithWaypoints(const tap::Target& target, const MeshIndex& index) {
  std::vector<tap::Target> out = {target};
  if (target.name.empty()) return out;
  for (const WaypointName& waypoint : WaypointsElsewhere(index, target.name)) {
    if (!IsThere(waypoint, index)) continue;
    out.push_back({tap::TargetKind::kGateway, waypoint.name, {}, waypoint.ns});
  }
  return out;
}

tap::TargetedProxy AsProxy(const Pod& pod) {
  const bool gateway = pod.proxy == Proxy::kGateway || pod.proxy == Proxy::kWaypoint;
  return {pod.ns, pod.name, pod.workload, gateway, &pod.labels, pod.workload_kind};
}

}  // namespace

bool IsTarget(const tap::Target& target, const Pod& pod) {
  return tap::TargetsProxy(target, AsProxy(pod));
}

bool IsTarget(const tap::TapSpec& spec, const Pod& pod) {
  return tap::TargetsProxy(spec, AsProxy(pod));
}

std::vector<tap::Target> ResolveTarget(const tap::TapSpec& spec, const tap::Target& target,
                                       const MeshIndex& index) {
  if (target.kind == tap::TargetKind::kNamespace && spec.cluster_scoped) {
    return WithWaypoints(target, index);
  }
  if (target.kind != tap::TargetKind::kService) return {target};
  std::vector<tap::Target> out;
  const std::string& ns = spec.cluster_scoped ? target.ns : spec.ns;
  for (const Service* service : index.FindServices(ns, target.name)) {
    AddPodsOf(*service, spec.cluster_scoped, &out);
  }
  // A target that means nothing stays: without any a tap would mean everything.
  if (out.empty()) out.push_back(target);
  return out;
}

tap::TapSpec ResolveTargets(tap::TapSpec spec, const MeshIndex& index) {
  std::vector<tap::Target> targets;
  std::set<std::tuple<tap::TargetKind, std::string, tap::Labels, std::string>> seen;
  for (const tap::Target& target : spec.targets) {
    for (tap::Target& meant : ResolveTarget(spec, target, index)) {
      // Many namespaces may have one waypoint.
      if (!seen.emplace(meant.kind, meant.name, meant.selector, meant.ns).second) continue;
      targets.push_back(std::move(meant));
    }
  }
  spec.targets = std::move(targets);
  return spec;
}

Selection Select(const tap::TapSpec& spec, const MeshIndex& index) {
  Selection out;
  if (!spec.cluster_scoped) {
    SelectIn(spec, spec.ns, index.WorkloadsOf(spec.ns), &out);
    return out;
  }
  for (const auto& [ns, workloads] : index.namespaces()) SelectIn(spec, ns, workloads, &out);
  return out;
}

}  // namespace traffictap::plan
