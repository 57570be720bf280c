// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// A TrafficTap or ClusterTrafficTap, held to the form of a cluster: outputs name destinations. What
// earlier runs left in its status, startedAt and records, is read back.
plan::TapObject ReadTap(const kube::Object& object);

plan::DestinationObject ReadDestination(const kube::Object& object);

}  // namespace traffictap::mesh
