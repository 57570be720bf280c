#pragma once

#include "kube/object.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::mesh {

// The spec of the EnvoyFilter (networking.istio.io/v1alpha3) of a patch: a gRPC access logger
// merged into the HTTP connection manager and the TCP proxy of all listeners, both directions.
// Merging adds to the user's own loggers.
kube::Json EnvoyFilterSpec(const plan::Patch& patch);

}  // namespace traffictap::mesh
