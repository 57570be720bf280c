// SPDX-License-Identifier: Apache-2.0
#include "kube/workload_of.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace traffictap::kube {
namespace {

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

WorkloadName OfReplicaSet(const Object& pod, const std::string& replica_set) {
  const auto deployment = WithoutSuffix(replica_set, pod.label("pod-template-hash"));
  if (!deployment.empty()) return {"Deployment", deployment};
  const auto rollout = WithoutSuffix(replica_set, pod.label("rollouts-pod-template-hash"));
  if (!rollout.empty()) return {"Rollout", rollout};
  return {"ReplicaSet", replica_set};
}

// Pods of these have generated names, whoever tells of them.
bool GeneratesNames(const std::string& kind) {
  constexpr std::array<std::string_view, 5> kKinds = {"ReplicaSet", "StatefulSet", "DaemonSet",
                                                      "Job", "ReplicationController"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

// By the rules of Istio's GetDeployMetaFromPod.
WorkloadName OfOwner(const Object& pod) {
  const auto owners = pod.owner_references();
  const auto owner = std::find_if(owners.begin(), owners.end(),
                                  [](const OwnerReference& o) { return o.controller; });
  if (owner == owners.end()) return {"Pod", pod.name()};
  // A controller that names its pods itself, such as Strimzi's or a node's mirror pods: to Istio
  // each pod is a workload of its own.
  if (!GeneratesNames(owner->kind) && pod.Text("/metadata/generateName").empty()) {
    return {"Pod", pod.name()};
  }
  if (owner->kind == "ReplicaSet") return OfReplicaSet(pod, owner->name);
  // OpenShift's DeploymentConfig owns a ReplicationController for each rollout.
  const std::string config = pod.label("deploymentconfig");
  if (owner->kind == "ReplicationController" && !config.empty()) {
    return {"DeploymentConfig", config};
  }
  const std::string cron_job = owner->kind == "Job" ? CronJobOf(owner->name) : "";
  return cron_job.empty() ? WorkloadName{owner->kind, owner->name}
                          : WorkloadName{"CronJob", cron_job};
}

}  // namespace

WorkloadName WorkloadOf(const Object& pod) {
  WorkloadName out = OfOwner(pod);
  // Istio's injector lets the label have the last word on WORKLOAD_NAME.
  const std::string named = pod.label("service.istio.io/workload-name");
  if (!named.empty()) out.name = named;
  return out;
}

}  // namespace traffictap::kube
