// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include <algorithm>

namespace traffictap::tap {
namespace {

bool HasLabels(const Labels& labels, const Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

std::string_view GatewayName(const TargetedProxy& proxy) {
  const auto named = proxy.labels->find(kGatewayNameLabel);
  return named == proxy.labels->end() ? proxy.workload : named->second;
}

bool HasName(const Target& target, const TargetedProxy& proxy) {
  const bool any = target.name.empty();
  switch (target.kind) {
    case TargetKind::kWorkload: return any || proxy.workload == target.name;
    case TargetKind::kPod: return any || proxy.pod == target.name;
    case TargetKind::kNamespace: return any || proxy.ns == target.name;
    case TargetKind::kGateway:
      return proxy.is_gateway && (any || GatewayName(proxy) == target.name);
  }
  return false;
}

}  // namespace

bool TargetsProxy(const TapSpec& spec, const TargetedProxy& proxy) {
  if (!spec.cluster_scoped && proxy.ns != spec.ns) return false;
  return spec.targets.empty() ||
         std::any_of(spec.targets.begin(), spec.targets.end(), [&](const Target& target) {
           return HasName(target, proxy) && HasLabels(*proxy.labels, target.selector);
         });
}

}  // namespace traffictap::tap
