// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "operator/plan/mesh_index.h"

namespace traffictap::plan {

struct SelectedWorkload {
  const Workload* workload;
  std::vector<const Pod*> pods;  // those that the tap selects, not empty
};

// What a tap's targets mean in this mesh. The collector goes by the same rule (tap/targets.h), and
// has the last word on each entry.
struct Selection {
  std::set<std::string> whole_namespaces;   // every proxy of these, also of pods to come
  std::vector<SelectedWorkload> workloads;  // sorted; never TrafficTap's own
  std::vector<const Workload*> ours;        // would have been selected
};

// The tap as collectors can go by it: in the place of each Service the pods that its selector means,
// and beside a namespace that a ClusterTrafficTap names the waypoints elsewhere that its requests
// pass. A Service that has no selector, or is not there, stays and means nothing.
tap::TapSpec ResolveTargets(tap::TapSpec spec, const MeshIndex& index);

// What one of its targets comes to there; not empty.
std::vector<tap::Target> ResolveTarget(const tap::TapSpec& spec, const tap::Target& target,
                                       const MeshIndex& index);

// Whether the target alone means the pod, which is in reach of the tap.
bool IsTarget(const tap::Target& target, const Pod& pod);

// Whether the targets mean the pod. `spec` is without Services, here and below.
bool IsTarget(const tap::TapSpec& spec, const Pod& pod);

Selection Select(const tap::TapSpec& spec, const MeshIndex& index);

}  // namespace traffictap::plan
