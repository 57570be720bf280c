#include "operator/gather/read_mesh.h"

#include <map>
#include <tuple>

#include "fmt/format.h"
#include "operator/gather/read_istio.h"
#include "operator/gather/read_pod.h"
#include "operator/gather/read_tap.h"

namespace traffictap::gather {
namespace {

constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";
constexpr const char* kTrafficTap = "traffictap";

// ReplicaSets by where and what they are.
class Owners {
 public:
  explicit Owners(const Objects& objects) {
    for (const auto& object : objects) {
      owners_[{object->ns(), object->kind(), object->name()}] = object.get();
    }
  }
  std::optional<kube::Object> Find(const std::string& ns, const std::string& kind,
                                   const std::string& name) const {
    const auto found = owners_.find({ns, kind, name});
    if (found == owners_.end()) return std::nullopt;
    return *found->second;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, const kube::Object*> owners_;
};

std::optional<plan::CollectorService> FindCollector(const Objects& services,
                                                    const MeshContext& context) {
  for (const auto& service : services) {
    if (service->ns() != context.own_namespace || service->name() != context.collector_service) {
      continue;
    }
    plan::CollectorService out;
    out.ns = service->ns();
    out.name = service->name();
    out.host = fmt::format("{}.{}.svc.{}", out.name, out.ns, context.cluster_domain);
    out.port = context.collector_port;
    out.destinations_dir = context.destinations_dir;
    return out;
  }
  return std::nullopt;
}

}  // namespace

bool IsOwn(const kube::Object& object) { return object.label(kManagedBy) == kTrafficTap; }

plan::MeshSnapshot ReadMesh(const MeshObjects& objects, const MeshContext& context) {
  plan::MeshSnapshot out;
  out.now = context.now;
  for (const auto& tap : objects.taps) {
    if (!tap->deleting()) out.taps.push_back(ReadTap(*tap));
  }
  for (const auto& destination : objects.destinations) {
    out.destinations.push_back(ReadDestination(*destination));
  }
  for (const auto& ns : objects.namespaces) {
    if (!ns->deleting()) out.namespaces.push_back({ns->name(), ns->labels()});
  }
  const Owners owners(objects.replica_sets);
  const FindOwner find_owner = [&](const std::string& ns, const std::string& kind,
                                   const std::string& name) { return owners.Find(ns, kind, name); };
  for (const auto& pod : objects.pods) {
    if (!pod->deleting()) out.pods.push_back(ReadPod(*pod, find_owner, {context.own_namespace}));
  }
  out.collector = FindCollector(objects.services, context);
  out.mesh.istio_version = context.istio_version;
  out.mesh.telemetry_allowed = context.telemetry_allowed;
  out.mesh.envoy_filter_allowed = context.envoy_filter_allowed;
  if (objects.mesh_config) ReadMeshConfig(*objects.mesh_config, &out.mesh);
  for (const auto& filter : objects.envoy_filters) {
    if (!IsOwn(*filter)) out.envoy_filters.push_back(ReadEnvoyFilter(*filter));
  }
  for (const auto& telemetry : objects.telemetries) {
    if (!IsOwn(*telemetry)) out.telemetries.push_back(ReadTelemetry(*telemetry));
  }
  for (const auto& sidecar : objects.sidecars) out.sidecars.push_back(ReadSidecar(*sidecar));
  return out;
}

}  // namespace traffictap::gather
