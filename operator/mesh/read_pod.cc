// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/read_pod.h"

#include <algorithm>

#include "kube/workload_of.h"
#include "tap/targets.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

// The istio-proxy container: a sidecar may be an init container that keeps running.
const Json* FindProxy(const kube::Object& object) {
  for (const char* list : {"/spec/containers", "/spec/initContainers"}) {
    const Json* containers = object.Find(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : *containers) {
      if (container.is_object() && container.value("name", Json()) == "istio-proxy") {
        return &container;
      }
    }
  }
  return nullptr;
}

bool HasArgument(const Json& container, const char* argument) {
  const auto args = container.find("args");
  return args != container.end() && args->is_array() &&
         std::find(args->begin(), args->end(), argument) != args->end();
}

plan::Proxy ReadProxy(const kube::Object& object) {
  const Json* proxy = FindProxy(object);
  if (proxy == nullptr) {
    const bool ambient = object.annotation("ambient.istio.io/redirection") == "enabled";
    return ambient ? plan::Proxy::kAmbient : plan::Proxy::kNone;
  }
  if (HasArgument(*proxy, "waypoint")) return plan::Proxy::kWaypoint;
  return HasArgument(*proxy, "router") ? plan::Proxy::kGateway : plan::Proxy::kSidecar;
}

bool IsReady(const kube::Object& object) {
  const Json* conditions = object.Find("/status/conditions");
  return conditions != nullptr && conditions->is_array() &&
         std::any_of(conditions->begin(), conditions->end(), [](const Json& condition) {
           return condition.is_object() && condition.value("type", Json()) == "Ready" &&
                  condition.value("status", Json()) == "True";
         });
}

// A pod on its host's network shares the address with others.
std::vector<std::string> ReadAddresses(const kube::Object& object) {
  std::vector<std::string> out;
  const Json* host = object.Find("/spec/hostNetwork");
  if (host != nullptr && *host == true) return out;
  const Json* addresses = object.Find("/status/podIPs");
  if (addresses != nullptr && addresses->is_array()) {
    for (const Json& address : *addresses) {
      if (!address.is_object()) continue;
      const auto ip = address.find("ip");
      if (ip != address.end() && ip->is_string()) out.push_back(ip->get<std::string>());
    }
  }
  const std::string only = object.Text("/status/podIP");
  if (out.empty() && !only.empty()) out.push_back(only);
  return out;
}

}  // namespace

plan::Pod ReadPod(const kube::Object& object, const Installation& own) {
  plan::Pod pod;
  pod.ns = object.ns();
  pod.name = object.name();
  pod.labels = object.labels();
  const auto workload = kube::WorkloadOf(object);
  pod.workload_kind = workload.kind;
  pod.workload = workload.name;
  pod.service_account = object.Text("/spec/serviceAccountName");
  pod.proxy = ReadProxy(object);
  if (pod.proxy == plan::Proxy::kGateway || pod.proxy == plan::Proxy::kWaypoint) {
    const std::string named = object.label(tap::kGatewayNameLabel);
    pod.gateway = named.empty() ? pod.workload : named;
  }
  // The injector's annotation has the revision itself; a label may have a tag that stands for one.
  const std::string revision = object.annotation("istio.io/rev");
  pod.revision = revision.empty() ? object.label("istio.io/rev") : revision;
  const std::string phase = object.Text("/status/phase");
  pod.finished = phase == "Succeeded" || phase == "Failed";
  pod.ready = IsReady(object);
  pod.addresses = ReadAddresses(object);
  pod.network = object.label("topology.istio.io/network");
  pod.ours = pod.ns == own.ns && object.label(kPartOfLabel) == kPartOfValue;
  return pod;
}

}  // namespace traffictap::mesh
