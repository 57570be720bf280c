// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/selection.h"

#include <algorithm>

#include "tap/targets.h"

namespace traffictap::plan {
namespace {

bool IsTarget(const tap::TapSpec& spec, const Pod& pod) {
  const bool gateway = pod.proxy == Proxy::kGateway || pod.proxy == Proxy::kWaypoint;
  return tap::TargetsProxy(spec, {pod.ns, pod.name, pod.workload, gateway, &pod.labels});
}

bool WantsAllOf(const tap::TapSpec& spec, const std::string& ns) {
  return spec.targets.empty() ||
         std::any_of(spec.targets.begin(), spec.targets.end(), [&](const tap::Target& target) {
           return target.kind == tap::TargetKind::kNamespace &&
                  (target.name.empty() || target.name == ns);
         });
}

void SelectIn(const tap::TapSpec& spec, const std::string& ns,
              const std::vector<Workload>& workloads, Selection* out) {
  if (WantsAllOf(spec, ns)) out->whole_namespaces.insert(ns);
  for (const Workload& workload : workloads) {
    SelectedWorkload selected{&workload, {}};
    std::copy_if(workload.pods.begin(), workload.pods.end(), std::back_inserter(selected.pods),
                 [&](const Pod* pod) { return IsTarget(spec, *pod); });
    if (selected.pods.empty()) continue;
    if (workload.ours) {
      out->ours.push_back(&workload);
    } else {
      out->workloads.push_back(std::move(selected));
    }
  }
}

}  // namespace

Selection Select(const tap::TapSpec& spec, const MeshIndex& index) {
  Selection out;
  if (!spec.cluster_scoped) {
    SelectIn(spec, spec.ns, index.WorkloadsOf(spec.ns), &out);
    return out;
  }
  for (const auto& [ns, workloads] : index.namespaces()) SelectIn(spec, ns, workloads, &out);
  return out;
}

}  // namespace traffictap::plan
