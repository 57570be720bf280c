#include "operator/mesh/read_pod.h"

#include <algorithm>

namespace traffictap::mesh {
namespace {

using kube::Json;

constexpr const char* kGatewayName = "gateway.networking.k8s.io/gateway-name";

// "cart-5d9c" without the suffix of its ReplicaSet; empty where it is no such name.
std::string WithoutSuffix(const std::string& name, const std::string& suffix) {
  if (suffix.empty() || !name.ends_with("-" + suffix)) return "";
  return name.substr(0, name.size() - suffix.size() - 1);
}

// A CronJob names its Jobs NAME-MINUTES.
std::string CronJobOf(const std::string& job) {
  const size_t dash = job.rfind('-');
  if (dash == std::string::npos || dash == 0) return "";
  const std::string minutes = job.substr(dash + 1);
  const bool digits = minutes.size() >= 8 && minutes.size() <= 10 &&
                      minutes.find_first_not_of("0123456789") == std::string::npos;
  return digits ? job.substr(0, dash) : "";
}

void ReadWorkload(const kube::Object& object, plan::Pod* pod) {
  pod->workload_kind = "Pod";
  pod->workload = pod->name;
  const auto owners = object.owner_references();
  const auto owner = std::find_if(owners.begin(), owners.end(),
                                  [](const kube::OwnerReference& o) { return o.controller; });
  if (owner == owners.end()) return;
  pod->workload_kind = owner->kind;
  pod->workload = owner->name;
  std::string outer;
  if (owner->kind == "ReplicaSet") {
    const std::string rollout =
        WithoutSuffix(owner->name, object.label("rollouts-pod-template-hash"));
    outer =
        rollout.empty() ? WithoutSuffix(owner->name, object.label("pod-template-hash")) : rollout;
    if (!outer.empty()) pod->workload_kind = rollout.empty() ? "Deployment" : "Rollout";
  } else if (owner->kind == "Job") {
    outer = CronJobOf(owner->name);
    if (!outer.empty()) pod->workload_kind = "CronJob";
  }
  if (!outer.empty()) pod->workload = outer;
}

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

}  // namespace

plan::Pod ReadPod(const kube::Object& object, const Installation& own) {
  plan::Pod pod;
  pod.ns = object.ns();
  pod.name = object.name();
  pod.labels = object.labels();
  ReadWorkload(object, &pod);
  pod.service_account = object.Text("/spec/serviceAccountName");
  pod.proxy = ReadProxy(object);
  if (pod.proxy == plan::Proxy::kGateway || pod.proxy == plan::Proxy::kWaypoint) {
    const std::string named = object.label(kGatewayName);
    pod.gateway = named.empty() ? pod.workload : named;
  }
  const std::string phase = object.Text("/status/phase");
  pod.finished = phase == "Succeeded" || phase == "Failed";
  pod.ready = IsReady(object);
  pod.ours = pod.ns == own.ns && object.label(kPartOfLabel) == kPartOfValue;
  return pod;
}

}  // namespace traffictap::mesh
