// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/render.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "kube/resource.h"
#include "operator/mesh/envoy_filter.h"
#include "operator/mesh/installation.h"
#include "operator/mesh/read_foreign.h"
#include "operator/mesh/telemetry.h"
#include "operator/plan/standing_attachments.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

// A waypoint gets the clusters of its own Services and, since Istio 1.26, of those whose hosts are named
// here: without it the logger would name a cluster that is not there.
constexpr const char* kReferencedServices = "envoyfilter.istio.io/referenced-services";
constexpr const char* kUnneededSince = "traffictap.io/unneeded-since";

// To the API server an owner in another namespace is one that is gone: it would remove the patch.
bool IsForeign(const plan::TapRef& tap, const plan::Patch& patch) {
  return !tap.ns.empty() && tap.ns != patch.at.ns;
}

Json OwnersOf(const plan::Patch& patch, const std::optional<Keeper>& keeper) {
  Json owners = Json::array();
  if (keeper) {
    owners.push_back(
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", keeper->ns}, {"uid", keeper->uid}});
  }
  for (const plan::TapRef& tap : patch.owners) {
    if (IsForeign(tap, patch)) continue;
    owners.push_back({{"apiVersion", "traffictap.io/v1alpha1"},
                      {"kind", tap.ns.empty() ? "ClusterTrafficTap" : "TrafficTap"},
                      {"name", tap.name},
                      {"uid", tap.uid}});
  }
  return owners;
}

}  // namespace

bool NeedsKeeper(const plan::Patch& patch) {
  return std::any_of(patch.owners.begin(), patch.owners.end(),
                     [&](const plan::TapRef& tap) { return IsForeign(tap, patch); });
}

kube::Object Render(const plan::Patch& patch, const std::optional<Keeper>& keeper) {
  const bool envoy_filter = patch.mechanism == plan::Mechanism::kEnvoyFilter;
  Json object = {
      {"apiVersion", envoy_filter ? "networking.istio.io/v1alpha3" : "telemetry.istio.io/v1"},
      {"kind", envoy_filter ? "EnvoyFilter" : "Telemetry"},
      {"metadata",
       {{"name", patch.at.name},
        {"namespace", patch.at.ns},
        {"labels", {{kManagedByLabel, kManagedByValue}}},
        {"ownerReferences", OwnersOf(patch, keeper)}}},
      {"spec", envoy_filter ? EnvoyFilterSpec(patch) : TelemetrySpec(patch)}};
  Json annotations = Json::object();
  if (patch.unneeded_since) {
    annotations[kUnneededSince] = base::FormatRfc3339(*patch.unneeded_since);
  }
  if (envoy_filter && !patch.at.targets.empty()) {
    annotations[kReferencedServices] = patch.collector_host;
  }
  if (patch.standing) annotations[plan::kAttachmentLabel] = "Standing";
  if (!annotations.empty()) object["metadata"]["annotations"] = std::move(annotations);
  return kube::Object(std::move(object));
}

plan::StandingPatch ReadStanding(const kube::Object& object) {
  plan::StandingPatch out;
  const Json* spec = object.Find("/spec");
  if (object.kind() == kube::kTelemetries.kind) {
    out.patch.mechanism = plan::Mechanism::kTelemetry;
    out.patch.at = ReadTelemetry(object).at;
    out.intact = true;
  } else if (const auto patch = spec == nullptr ? std::nullopt : ReadEnvoyFilterSpec(*spec)) {
    out.patch = *patch;
    out.intact = true;
  } else {
    out.patch.at = ReadEnvoyFilter(object).at;
    out.patch.http = out.patch.tcp = true;  // what former versions always had
  }
  out.patch.at.ns = object.ns();
  out.patch.at.name = object.name();
  out.patch.unneeded_since = base::ParseRfc3339(object.annotation(kUnneededSince));
  return out;
}

}  // namespace traffictap::mesh
