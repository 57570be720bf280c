// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::plan {

// True where a patch by labels would make a proxy of the workload send to the collector.
bool IsReachable(const MeshIndex& index, const Workload& workload);
bool IsWaypoint(const Workload& workload);

// What can't be seen of the workload whatever the patch: pods without a proxy, proxies that the
// collector is hidden from, namespaces that taps stay out of.
std::vector<Note> BlindSpots(const MeshIndex& index, const Workload& workload);

}  // namespace traffictap::plan
