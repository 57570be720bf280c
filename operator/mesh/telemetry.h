// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/object.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::mesh {

// The spec of the Telemetry (telemetry.istio.io/v1) of a patch: what the proxies logged before, and
// our provider.
kube::Json TelemetrySpec(const plan::Patch& patch);

}  // namespace traffictap::mesh
