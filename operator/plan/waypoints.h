// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

#include "operator/plan/mesh_index.h"

namespace traffictap::plan {

// Whether an EnvoyFilter reaches the waypoint: since Istio 1.27 by targetRefs (istio/istio,
// PushContext.getMatchedEnvoyFilters). As long as istiod's version is not known, what stands stays.
// `at` names the patch.
bool TakesEnvoyFilter(const MeshIndex& index, const Attachment& at);

// The Gateway of a waypoint, where it is enrolled.
struct WaypointName {
  std::string ns;
  std::string name;
  friend auto operator<=>(const WaypointName&, const WaypointName&) = default;
};

// The waypoint that the workload's requests pass, by istio.io/use-waypoint of its pods, else of a
// Service before them, else of their namespace (istio.io/docs/ambient/usage/waypoint). nullopt: none.
std::optional<WaypointName> WaypointOf(const MeshIndex& index, const Workload& workload);

// The waypoints of other namespaces that requests to `ns` may pass: whichever the labels of the
// namespace, of its Services and of its workloads name.
std::set<WaypointName> WaypointsElsewhere(const MeshIndex& index, const std::string& ns);

}  // namespace traffictap::plan
