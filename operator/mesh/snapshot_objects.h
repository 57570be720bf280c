// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/object.h"
#include "operator/mesh/installation.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// Adds an object to the snapshot by its kind: TrafficTap, ClusterTrafficTap, TapDestination,
// Namespace, Pod, Service, EnvoyFilter, Telemetry, Sidecar, and the ConfigMap of the mesh's
// settings of each revision. False where it has no place there: another kind, one that is being
// deleted, a ConfigMap of others.
bool AddToSnapshot(const kube::Object& object, const Installation& own,
                   plan::MeshSnapshot* snapshot);

}  // namespace traffictap::mesh
