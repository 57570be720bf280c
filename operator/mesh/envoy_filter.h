// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "kube/object.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::mesh {

// The spec of the EnvoyFilter (networking.istio.io/v1alpha3) of a patch: a gRPC access logger
// merged into the HTTP connection manager, the TCP proxy, or both, of all listeners, and a bound of
// what may wait for the collector in its cluster. Merging adds to the user's own loggers. Each entry
// of a sidecar says on which side of it the listener was, in the custom tag traffictap_side:
// "inbound" or "outbound".
kube::Json EnvoyFilterSpec(const plan::Patch& patch);

// The patch that a spec was rendered for: its selector, filters, headers and collector. Nothing
// where EnvoyFilterSpec would not render this spec.
std::optional<plan::Patch> ReadEnvoyFilterSpec(const kube::Json& spec);

}  // namespace traffictap::mesh
