// SPDX-License-Identifier: Apache-2.0
#include "filter/entry_filter.h"

namespace traffictap::filter {
namespace {

constexpr const char* kGatewayLabel = "gateway.networking.k8s.io/gateway-name";

bool HasLabels(const traffic::Node& node, const tap::Labels& selector) {
  for (const auto& [key, value] : selector) {
    const auto found = node.labels.find(key);
    if (found == node.labels.end() || found->second != value) return false;
  }
  return true;
}

bool IsGateway(const traffic::Node& node, const std::string& name) {
  const auto label = node.labels.find(kGatewayLabel);
  if (label != node.labels.end()) return name.empty() || label->second == name;
  return node.proxy_type == "router" && (name.empty() || node.workload == name);
}

bool HasName(const tap::Target& target, const traffic::Node& node) {
  switch (target.kind) {
    case tap::TargetKind::kWorkload: return target.name.empty() || node.workload == target.name;
    case tap::TargetKind::kPod: return target.name.empty() || node.pod == target.name;
    case tap::TargetKind::kNamespace: return target.name.empty() || node.ns == target.name;
    case tap::TargetKind::kGateway: return IsGateway(node, target.name);
  }
  return false;
}

}  // namespace

bool TargetsNode(const tap::TapSpec& spec, const traffic::Node& node) {
  if (!spec.cluster_scoped && node.ns != spec.ns) return false;
  if (spec.targets.empty()) return true;
  for (const auto& target : spec.targets) {
    if (HasName(target, node) && HasLabels(node, target.selector)) return true;
  }
  return false;
}

}  // namespace traffictap::filter
