// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/waypoints.h"

#include <algorithm>

#include "operator/plan/istio_version.h"

namespace traffictap::plan {
namespace {

constexpr const char* kUseWaypoint = "istio.io/use-waypoint";
constexpr const char* kUseWaypointNamespace = "istio.io/use-waypoint-namespace";

// nullopt: the labels say nothing. An empty name: they say that there is none.
std::optional<WaypointName> Named(const tap::Labels& labels, const std::string& ns) {
  const auto name = labels.find(kUseWaypoint);
  if (name == labels.end()) return std::nullopt;
  if (name->second == "none") return WaypointName{};
  const auto elsewhere = labels.find(kUseWaypointNamespace);
  return WaypointName{elsewhere == labels.end() ? ns : elsewhere->second, name->second};
}

bool IsBefore(const Service& service, const Pod& pod) {
  return !service.selector.empty() && HasLabels(pod.labels, service.selector);
}

// Of the first Service by name that names one.
std::optional<WaypointName> OfServices(const MeshIndex& index, const Pod& pod) {
  for (const Service* service : index.ServicesOf(pod.ns)) {
    if (service->labels.contains(kUseWaypoint) && IsBefore(*service, pod)) {
      return Named(service->labels, service->ns);
    }
  }
  return std::nullopt;
}

}  // namespace

bool TakesEnvoyFilter(const MeshIndex& index, const Attachment& at) {
  const MeshSettings& mesh = index.mesh();
  if (!mesh.envoy_filter_allowed) return false;
  if (!mesh.istio_version.empty()) return IsAtLeast(mesh.istio_version, 1, 27);
  const auto& standing = index.snapshot().standing;
  return std::any_of(standing.begin(), standing.end(), [&](const StandingPatch& patch) {
    return patch.patch.mechanism == Mechanism::kEnvoyFilter && patch.patch.at.ns == at.ns &&
           patch.patch.at.name == at.name;
  });
}

std::optional<WaypointName> WaypointOf(const MeshIndex& index, const Workload& workload) {
  const Pod& pod = *workload.pods.front();
  auto found = Named(pod.labels, pod.ns);
  if (!found) found = OfServices(index, pod);
  if (!found) found = Named(index.LabelsOf(pod.ns), pod.ns);
  return found && !found->name.empty() ? found : std::nullopt;
}

std::set<WaypointName> WaypointsElsewhere(const MeshIndex& index, const std::string& ns) {
  std::set<WaypointName> out;
  const auto add = [&](const tap::Labels& labels) {
    const auto named = Named(labels, ns);
    // "" is a label's value too, and no namespace.
    if (named && !named->name.empty() && !named->ns.empty() && named->ns != ns) out.insert(*named);
  };
  add(index.LabelsOf(ns));
  for (const Service* service : index.ServicesOf(ns)) add(service->labels);
  for (const Workload& workload : index.WorkloadsOf(ns)) add(workload.pods.front()->labels);
  return out;
}

}  // namespace traffictap::plan
