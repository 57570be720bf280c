#include "operator/mesh/render.h"

#include "operator/mesh/envoy_filter.h"
#include "operator/mesh/installation.h"
#include "operator/mesh/telemetry.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

Json OwnersOf(const plan::Patch& patch) {
  Json owners = Json::array();
  for (const plan::TapRef& tap : patch.owners) {
    owners.push_back({{"apiVersion", "traffictap.io/v1alpha1"},
                      {"kind", tap.ns.empty() ? "ClusterTrafficTap" : "TrafficTap"},
                      {"name", tap.name},
                      {"uid", tap.uid}});
  }
  return owners;
}

}  // namespace

kube::Object Render(const plan::Patch& patch) {
  const bool envoy_filter = patch.mechanism == plan::Mechanism::kEnvoyFilter;
  Json object = {
      {"apiVersion", envoy_filter ? "networking.istio.io/v1alpha3" : "telemetry.istio.io/v1"},
      {"kind", envoy_filter ? "EnvoyFilter" : "Telemetry"},
      {"metadata",
       {{"name", patch.at.name},
        {"namespace", patch.at.ns},
        {"labels", {{kManagedByLabel, kManagedByValue}}},
        {"ownerReferences", OwnersOf(patch)}}},
      {"spec", envoy_filter ? EnvoyFilterSpec(patch) : TelemetrySpec(patch)}};
  return kube::Object(std::move(object));
}

std::vector<kube::Object> RenderAll(const plan::MeshPlan& plan) {
  std::vector<kube::Object> out;
  for (const plan::Patch& patch : plan.patches) out.push_back(Render(patch));
  return out;
}

}  // namespace traffictap::mesh
