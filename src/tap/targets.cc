// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include <algorithm>

#include "tap/enum_names.h"

namespace traffictap::tap {
namespace {

bool HasLabels(const Labels& labels, const Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

std::string_view LabelOf(const TargetedProxy& proxy, const char* name) {
  const auto found = proxy.labels->find(name);
  return found == proxy.labels->end() ? std::string_view() : found->second;
}

std::string_view GatewayName(const TargetedProxy& proxy) {
  const std::string_view named = LabelOf(proxy, kGatewayNameLabel);
  return named.empty() ? proxy.workload : named;
}

bool IsOfKind(const TargetedProxy& proxy, TargetKind kind) {
  return proxy.workload_kind.empty() || proxy.workload_kind == NameOf(kind);
}

// A Deployment, or a Rollout, names its ReplicaSets NAME-HASH and gives the hash to their pods as a
// label. One that nobody owns is the workload itself.
bool IsOfReplicaSet(const TargetedProxy& proxy, const std::string& name) {
  for (const char* label : {"pod-template-hash", "rollouts-pod-template-hash"}) {
    const std::string_view hash = LabelOf(proxy, label);
    if (hash.empty()) continue;
    const size_t length = proxy.workload.size();
    const bool named = name.size() == length + 1 + hash.size() && name[length] == '-' &&
                       name.starts_with(proxy.workload) && name.ends_with(hash);
    if (name.empty() || named) return true;
  }
  const bool itself = proxy.workload_kind == NameOf(TargetKind::kReplicaSet);
  return itself && (name.empty() || proxy.workload == name);
}

// The second name is that of Kubernetes before 1.27.
bool IsOfJob(const TargetedProxy& proxy, const std::string& name) {
  for (const char* label : {"batch.kubernetes.io/job-name", "job-name"}) {
    const std::string_view job = LabelOf(proxy, label);
    if (!job.empty()) return name.empty() || job == name;
  }
  return false;
}

bool HasName(const Target& target, const TargetedProxy& proxy) {
  const bool any = target.name.empty();
  switch (target.kind) {
    case TargetKind::kWorkload: return any || proxy.workload == target.name;
    case TargetKind::kDeployment:
    case TargetKind::kStatefulSet:
    case TargetKind::kDaemonSet:
    case TargetKind::kCronJob:
    case TargetKind::kRollout:
    case TargetKind::kDeploymentConfig:
      return IsOfKind(proxy, target.kind) && (any || proxy.workload == target.name);
    case TargetKind::kReplicaSet: return IsOfReplicaSet(proxy, target.name);
    case TargetKind::kJob: return IsOfJob(proxy, target.name);
    case TargetKind::kPod: return any || proxy.pod == target.name;
    case TargetKind::kService: return false;
    case TargetKind::kNamespace: return any || proxy.ns == target.name;
    case TargetKind::kGateway:
      return proxy.is_gateway && (any || GatewayName(proxy) == target.name);
  }
  return false;
}

}  // namespace

bool TargetsProxy(const Target& target, const TargetedProxy& proxy) {
  return (target.ns.empty() || target.ns == proxy.ns) && HasName(target, proxy) &&
         HasLabels(*proxy.labels, target.selector);
}

bool TargetsProxy(const TapSpec& spec, const TargetedProxy& proxy) {
  if (!spec.cluster_scoped && proxy.ns != spec.ns) return false;
  return spec.targets.empty() ||
         std::any_of(spec.targets.begin(), spec.targets.end(),
                     [&](const Target& target) { return TargetsProxy(target, proxy); });
}

}  // namespace traffictap::tap
