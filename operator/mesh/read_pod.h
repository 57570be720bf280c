// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/object.h"
#include "operator/mesh/installation.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// The pod, its workload by the same rule as Istio's WORKLOAD_NAME, and what kind of proxy it has:
// from its containers and arguments, since labels can be had without a proxy.
plan::Pod ReadPod(const kube::Object& object, const Installation& own);

}  // namespace traffictap::mesh
