#include "operator/gather/read_pod.h"

#include <algorithm>
#include <utility>

namespace traffictap::gather {
namespace {

using kube::Json;
using kube::Object;

constexpr const char* kProxyContainer = "istio-proxy";
constexpr const char* kGatewayName = "gateway.networking.k8s.io/gateway-name";
constexpr const char* kGatewayManaged = "gateway.istio.io/managed";
constexpr const char* kWaypointController = "istio.io-mesh-controller";
constexpr const char* kAmbientRedirection = "ambient.istio.io/redirection";
constexpr const char* kNameLabel = "app.kubernetes.io/name";

std::optional<kube::OwnerReference> ControllerOf(const Object& object) {
  for (auto& owner : object.owner_references()) {
    if (owner.controller) return owner;
  }
  return std::nullopt;
}

// The proxy's container: among the init containers where it is a native sidecar.
const Json* ProxyContainer(const Object& pod) {
  for (const char* list : {"/spec/containers", "/spec/initContainers"}) {
    const Json* containers = pod.Find(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : *containers) {
      if (container.is_object() && container.value("name", Json()) == kProxyContainer) {
        return &container;
      }
    }
  }
  return nullptr;
}

// pilot-agent's own words: "proxy sidecar …" or "proxy router …".
bool IsRouter(const Json& container) {
  const auto args = container.find("args");
  return args != container.end() && args->is_array() &&
         std::any_of(args->begin(), args->end(), [](const Json& arg) { return arg == "router"; });
}

plan::Proxy ReadProxy(const Object& pod) {
  if (pod.label(kGatewayManaged) == kWaypointController) return plan::Proxy::kWaypoint;
  const Json* container = ProxyContainer(pod);
  if (container == nullptr) {
    return pod.annotation(kAmbientRedirection) == "enabled" ? plan::Proxy::kAmbient
                                                            : plan::Proxy::kNone;
  }
  return IsRouter(*container) ? plan::Proxy::kGateway : plan::Proxy::kSidecar;
}

bool IsReady(const Object& pod) {
  const Json* conditions = pod.Find("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [](const Json& condition) {
    return condition.is_object() && condition.value("type", Json()) == "Ready" &&
           condition.value("status", Json()) == "True";
  });
}

bool IsOurs(const Object& pod, const OwnPods& own) {
  if (own.ns.empty() || pod.ns() != own.ns) return false;
  const std::string name = pod.label(kNameLabel);
  return name == "traffictap-collector" || name == "traffictap-operator";
}

void ReadWorkload(const Object& pod, const FindOwner& find_owner, plan::Pod* out) {
  out->workload_kind = "Pod";
  out->workload = pod.name();
  auto owner = ControllerOf(pod);
  while (owner) {
    out->workload_kind = owner->kind;
    out->workload = owner->name;
    if (owner->kind != "ReplicaSet" && owner->kind != "Job") return;
    const auto above = find_owner(pod.ns(), owner->kind, owner->name);
    owner = above ? ControllerOf(*above) : std::nullopt;
  }
}

}  // namespace

plan::Pod ReadPod(const Object& pod, const FindOwner& find_owner, const OwnPods& own) {
  plan::Pod out;
  out.ns = pod.ns();
  out.name = pod.name();
  out.labels = pod.labels();
  ReadWorkload(pod, find_owner, &out);
  out.service_account = pod.Text("/spec/serviceAccountName");
  out.proxy = ReadProxy(pod);
  if (out.proxy == plan::Proxy::kGateway || out.proxy == plan::Proxy::kWaypoint) {
    const std::string gateway = pod.label(kGatewayName);
    out.gateway = gateway.empty() ? out.workload : gateway;
  }
  out.ready = IsReady(pod);
  const std::string phase = pod.Text("/status/phase");
  out.finished = phase == "Succeeded" || phase == "Failed";
  out.ours = IsOurs(pod, own);
  return out;
}

}  // namespace traffictap::gather
