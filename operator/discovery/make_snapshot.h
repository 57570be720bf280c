// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/plan/mesh_plan.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::discovery {

using NodeZones = std::map<std::string, std::string>;  // zone by node of the cluster
using SnapshotPtr = std::shared_ptr<const v1::DiscoverySnapshot>;

// What collectors are sent, with its version: equal for equal content. Of `zones` the first 16384 nodes by
// name. Pure.
SnapshotPtr MakeSnapshot(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones,
                         const std::string& operator_version);

}  // namespace traffictap::discovery
