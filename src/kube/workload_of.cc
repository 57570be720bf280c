#include "kube/workload_of.h"

#include <algorithm>

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
  const auto rollout = WithoutSuffix(replica_set, pod.label("rollouts-pod-template-hash"));
  if (!rollout.empty()) return {"Rollout", rollout};
  const auto deployment = WithoutSuffix(replica_set, pod.label("pod-template-hash"));
  if (!deployment.empty()) return {"Deployment", deployment};
  return {"ReplicaSet", replica_set};
}

}  // namespace

WorkloadName WorkloadOf(const Object& pod) {
  const auto owners = pod.owner_references();
  const auto owner = std::find_if(owners.begin(), owners.end(),
                                  [](const OwnerReference& o) { return o.controller; });
  if (owner == owners.end()) return {"Pod", pod.name()};
  if (owner->kind == "ReplicaSet") return OfReplicaSet(pod, owner->name);
  const std::string cron_job = owner->kind == "Job" ? CronJobOf(owner->name) : "";
  return cron_job.empty() ? WorkloadName{owner->kind, owner->name}
                          : WorkloadName{"CronJob", cron_job};
}

}  // namespace traffictap::kube
