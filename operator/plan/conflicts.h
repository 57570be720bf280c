// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

// How the objects of others bear on what TrafficTap would write. They are never changed: what
// cannot be done beside them is left and told.
namespace traffictap::plan {

// True where an object of Istio applies to the pod.
bool AppliesTo(const Attachment& at, const Pod& pod, const std::string& root_namespace);

// Why the pod's proxy does not know the collector, as a note without a subject: by a Sidecar's
// egress, since its Service is not exported to the pod's namespace, or by namespaces that istiod
// leaves out. Empty where it is reached.
std::optional<Note> CollectorHidden(const MeshIndex& index, const Pod& pod);

// The user's EnvoyFilter that may take the patch's access logger away from the pod; null where
// there is none.
const EnvoyFilterSummary* ReplacesAccessLog(const MeshIndex& index, const Pod& pod);

// The providers of MeshConfig that send to our collector. The TCP one is not used, but must not log
// beside ours where a user's Telemetry names it.
struct CollectorProviders {
  std::string http;  // empty: there is none
  std::string tcp;
};
CollectorProviders FindProviders(const CollectorService& collector, const MeshConfig& config);

// Why a Telemetry of ours at `at`, for `pods`, would shadow or be shadowed by one of the user's:
// only one may select a proxy, and only one per namespace may select none.
std::optional<Note> TelemetryConflict(const MeshIndex& index, const Attachment& at,
                                      const std::vector<const Pod*>& pods);

// What the proxies of a Telemetry at `at` log already by the levels above it, which ours would
// override and therefore repeats; `config` is of their istiod. Nothing where that cannot be repeated,
// since it has filters; `blocker` then names the object.
std::optional<std::vector<AccessLogging>> InheritedLogging(const MeshIndex& index,
                                                           const Attachment& at,
                                                           const MeshConfig& config,
                                                           std::string* blocker);

}  // namespace traffictap::plan
