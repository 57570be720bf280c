// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "operator/mesh/render.h"
#include "operator/mesh/snapshot_objects.h"
#include "tests/operator/golden/yaml_json.h"

// The snapshot that a golden case's input describes: Kubernetes objects as they come from the API
// server, and three short forms. `Workload` stands for the pods of a Deployment; `Standing` for a patch
// that the operator wrote before; `Settings` for what is not an object.
namespace traffictap::golden {

inline std::string Or(const Json& object, const char* field, const std::string& otherwise) {
  return object.contains(field) ? object[field].get<std::string>() : otherwise;
}

inline Json ContainersOf(const std::string& proxy) {
  Json containers = Json::array();
  const bool sidecar = proxy == "sidecar";
  if (proxy == "none" || proxy == "ambient" || sidecar) containers.push_back({{"name", "app"}});
  if (proxy == "none" || proxy == "ambient") return containers;
  const char* role = sidecar ? "sidecar" : proxy == "gateway" ? "router" : "waypoint";
  containers.push_back({{"name", "istio-proxy"}, {"args", {"proxy", role, "--domain"}}});
  return containers;
}

inline void AddWorkload(const Json& workload, const mesh::Installation& own,
                        plan::MeshSnapshot* snapshot) {
  const Json& metadata = workload["metadata"];
  const Json spec = workload.value("spec", Json::object());
  const std::string name = metadata["name"];
  const std::string proxy = Or(spec, "proxy", "sidecar");
  for (int i = 0; i < spec.value("pods", 1); ++i) {
    Json pod = {{"kind", "Pod"}, {"metadata", metadata}};
    pod["metadata"]["name"] = fmt::format("{}-5d9c-{}", name, i);
    pod["metadata"]["labels"]["pod-template-hash"] = "5d9c";
    pod["metadata"]["ownerReferences"] =
        Json::array({{{"kind", "ReplicaSet"}, {"name", name + "-5d9c"}, {"controller", true}}});
    if (proxy == "ambient") {
      pod["metadata"]["annotations"]["ambient.istio.io/redirection"] = "enabled";
    }
    pod["spec"]["containers"] = ContainersOf(proxy);
    pod["status"]["phase"] = Or(spec, "phase", "Running");
    mesh::AddToSnapshot(kube::Object(pod), own, snapshot);
  }
}

inline void AddSettings(const Json& settings, plan::MeshSnapshot* snapshot) {
  absl::Time now;
  std::string error;
  if (settings.contains("now") &&
      absl::ParseTime(absl::RFC3339_full, settings["now"].get<std::string>(), &now, &error)) {
    snapshot->now = absl::ToUnixNanos(now);
  }
  snapshot->mesh.envoy_filter_allowed = settings.value("envoyFilterAllowed", true);
  snapshot->mesh.telemetry_allowed = settings.value("telemetryAllowed", true);
  snapshot->mesh.istio_version = settings.value("istioVersion", "");
  if (settings.contains("standingNamespaces")) {
    snapshot->mesh.standing.emplace();
    snapshot->mesh.standing->match_labels = settings["standingNamespaces"].get<tap::Labels>();
  }
  snapshot->mesh.standing_request_headers =
      settings.value("standingRequestHeaders", std::vector<std::string>());
  snapshot->mesh.patch_grace = settings.value("patchGraceSeconds", 0) * base::kSecond;
}

// A patch of the operator's own, as it stands in the API server.
inline void AddStanding(const Json& standing, const plan::CollectorService& collector,
                        const mesh::Installation& own, plan::MeshSnapshot* snapshot) {
  plan::Patch patch;
  patch.at.ns = standing["metadata"]["namespace"];
  patch.at.name = standing["metadata"]["name"];
  const Json& spec = standing["spec"];
  patch.at.selector = spec.value("selector", tap::Labels());
  if (spec.contains("gateway")) {
    patch.at.targets = {
        {"gateway.networking.k8s.io", "Gateway", spec["gateway"].get<std::string>()}};
  }
  for (const Json& protocol : spec["protocols"]) {
    (protocol == "TCP" ? patch.tcp : patch.http) = true;
  }
  patch.request_headers = spec.value("requestHeaders", std::vector<std::string>());
  patch.response_headers = spec.value("responseHeaders", std::vector<std::string>());
  patch.open_streams = spec.value("openStreamsSeconds", 0) * base::kSecond;
  patch.collector_host = collector.host;
  patch.collector_port = collector.port;
  if (spec.contains("unneededSince")) {
    patch.unneeded_since = base::ParseRfc3339(spec["unneededSince"].get<std::string>());
  }
  mesh::AddToSnapshot(mesh::Render(patch, std::nullopt), own, snapshot);
}

// The collector's Service is there unless the settings say `collector: false`.
inline plan::MeshSnapshot ReadInput(const std::string& yaml) {
  const mesh::Installation own;
  plan::MeshSnapshot snapshot;
  snapshot.now = 1'767'225'600 * base::kSecond;  // 2026-01-01
  bool collector = true;
  const plan::CollectorService service{own.ns, own.collector_service,
                                       own.collector_service + "." + own.ns + ".svc.cluster.local",
                                       9811, own.destinations_dir};
  for (const Json& document : DocumentsOf(yaml)) {
    const std::string kind = document["kind"];
    if (kind == "Workload") {
      AddWorkload(document, own, &snapshot);
    } else if (kind == "Standing") {
      AddStanding(document, service, own, &snapshot);
    } else if (kind == "Settings") {
      AddSettings(document, &snapshot);
      collector = document.value("collector", true);
    } else if (!mesh::AddToSnapshot(kube::Object(document), own, &snapshot)) {
      throw std::runtime_error("no place in the snapshot: " + document.dump());
    }
  }
  if (collector && !snapshot.collector) snapshot.collector = service;
  return snapshot;
}

}  // namespace traffictap::golden
