// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/snapshot_objects.h"

#include "operator/mesh/read_foreign.h"
#include "operator/mesh/read_mesh_config.h"
#include "operator/mesh/read_pod.h"
#include "operator/mesh/read_taps.h"
#include "operator/mesh/render.h"

namespace traffictap::mesh {
namespace {

plan::Service ReadService(const kube::Object& object) {
  plan::Service out;
  out.ns = object.ns();
  out.name = object.name();
  out.labels = object.labels();
  out.external_name = object.Text("/spec/type") == "ExternalName";
  const kube::Json* selector = object.Find("/spec/selector");
  if (selector == nullptr || !selector->is_object()) return out;
  for (const auto& [name, value] : selector->items()) {
    if (value.is_string()) out.selector[name] = value.get<std::string>();
  }
  return out;
}

void AddService(const kube::Object& object, const Installation& own, plan::MeshSnapshot* snapshot) {
  snapshot->services.push_back(ReadService(object));
  if (object.ns() != own.ns || object.name() != own.collector_service) return;
  snapshot->collector = ReadCollector(object, own);
}

// The revision of istiod that a ConfigMap has the MeshConfig of; empty where it is of something else.
// istiod of revision canary reads istio-canary, the one without a revision istio.
std::string RevisionOf(const kube::Object& object, const Installation& own) {
  if (object.ns() != own.root_namespace || object.Find("/data/mesh") == nullptr) return "";
  const std::string name = object.name();
  if (name == "istio") return "default";
  return name.starts_with("istio-") ? name.substr(6) : "";
}

bool AddMeshConfig(const kube::Object& object, const Installation& own,
                   plan::MeshSnapshot* snapshot) {
  const std::string revision = RevisionOf(object, own);
  if (revision.empty()) return false;
  snapshot->mesh.configs[revision] = ReadMeshConfig(object.Text("/data/mesh"));
  return true;
}

bool IsOurs(const kube::Object& object) { return object.label(kManagedByLabel) == kManagedByValue; }

bool AddForeign(const kube::Object& object, plan::MeshSnapshot* snapshot) {
  const std::string kind = object.kind();
  const bool patch = kind == "EnvoyFilter" || kind == "Telemetry";
  if (patch && IsOurs(object)) {
    snapshot->standing.push_back(ReadStanding(object));
  } else if (kind == "EnvoyFilter") {
    snapshot->envoy_filters.push_back(ReadEnvoyFilter(object));
  } else if (kind == "Telemetry") {
    snapshot->telemetries.push_back(ReadTelemetry(object));
  } else if (kind == "Sidecar") {
    snapshot->sidecars.push_back(ReadSidecar(object));
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool AddToSnapshot(const kube::Object& object, const Installation& own,
                   plan::MeshSnapshot* snapshot) {
  const std::string kind = object.kind();
  if (kind == "Pod") {
    // A pod that is being deleted still serves.
    snapshot->pods.push_back(ReadPod(object, own));
    return true;
  }
  if (object.deleting()) return false;
  if (kind == "TrafficTap" || kind == "ClusterTrafficTap") {
    snapshot->taps.push_back(ReadTap(object));
  } else if (kind == "TapDestination") {
    snapshot->destinations.push_back(ReadDestination(object));
  } else if (kind == "Namespace") {
    snapshot->namespaces.push_back(
        {object.name(), object.labels(), object.uid(), object.annotations()});
  } else if (kind == "Service") {
    AddService(object, own, snapshot);
  } else if (kind == "ConfigMap") {
    return AddMeshConfig(object, own, snapshot);
  } else {
    return AddForeign(object, snapshot);
  }
  return true;
}

}  // namespace traffictap::mesh
