#include "operator/plan/mesh_index.h"

#include <algorithm>

namespace traffictap::plan {

bool HasLabels(const tap::Labels& labels, const tap::Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

MeshIndex::MeshIndex(const MeshSnapshot& snapshot) : snapshot_(snapshot) {
  std::map<std::tuple<std::string, std::string, std::string>, Workload> workloads;
  for (const Pod& pod : snapshot.pods) {
    if (pod.finished) continue;
    Workload& workload = workloads[{pod.ns, pod.workload_kind, pod.workload}];
    workload.ns = pod.ns;
    workload.kind = pod.workload_kind;
    workload.name = pod.workload;
    workload.ours = workload.ours || pod.ours;
    workload.pods.push_back(&pod);
  }
  for (auto& [key, workload] : workloads) {
    std::sort(workload.pods.begin(), workload.pods.end(),
              [](const Pod* a, const Pod* b) { return a->name < b->name; });
    workloads_[workload.ns].push_back(std::move(workload));
  }
  for (const auto& destination : snapshot.destinations) {
    destinations_[destination.name] = &destination;
  }
  for (const Namespace& ns : snapshot.namespaces) labels_[ns.name] = &ns.labels;
}

const std::vector<Workload>& MeshIndex::WorkloadsOf(const std::string& ns) const {
  static const std::vector<Workload> none;
  const auto found = workloads_.find(ns);
  return found == workloads_.end() ? none : found->second;
}

const DestinationObject* MeshIndex::FindDestination(const std::string& name) const {
  const auto found = destinations_.find(name);
  return found == destinations_.end() ? nullptr : found->second;
}

const tap::Labels& MeshIndex::LabelsOf(const std::string& ns) const {
  static const tap::Labels none;
  const auto found = labels_.find(ns);
  return found == labels_.end() ? none : *found->second;
}

bool MeshIndex::IsForbidden(const std::string& ns) const {
  if (ns != mesh().root_namespace) return false;
  const tap::Labels& labels = LabelsOf(ns);
  const auto allow = labels.find("traffictap.io/allow-taps");
  return allow == labels.end() || allow->second != "true";
}

bool MeshIndex::HoldsOurs(const std::string& ns) const {
  const auto& workloads = WorkloadsOf(ns);
  return std::any_of(workloads.begin(), workloads.end(),
                     [](const Workload& workload) { return workload.ours; });
}

}  // namespace traffictap::plan
