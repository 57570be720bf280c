// SPDX-License-Identifier: Apache-2.0

// Built for one plan and then only read. It holds pointers into the snapshot, and maps in order:
// what is planned from it comes in the same order each time, so equal meshes give equal patches.
#include "operator/plan/mesh_index.h"

#include <algorithm>

namespace traffictap::plan {

bool HasLabels(const tap::Labels& labels, const tap::Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

bool IsUnder(const Attachment& at, const Pod& pod) {
  if (at.targets.empty()) return IsPatchable(pod) && HasLabels(pod.labels, at.selector);
  return std::any_of(at.targets.begin(), at.targets.end(), [&](const TargetRef& target) {
    return !pod.gateway.empty() && target.name == pod.gateway;
  });
}

namespace {

constexpr const char* kDefaultRevision = "default";

const MeshConfig* FindConfig(const MeshSettings& mesh, const std::string& revision) {
  for (const std::string& name : {revision, std::string(kDefaultRevision)}) {
    const auto found = mesh.configs.find(name);
    if (found != mesh.configs.end()) return &found->second;
  }
  return mesh.configs.empty() ? nullptr : &mesh.configs.begin()->second;
}

}  // namespace

const MeshConfig& MeshIndex::ConfigOf(const Pod& pod) const {
  static const MeshConfig none;
  const MeshConfig* config = FindConfig(mesh_, pod.revision);
  return config == nullptr ? none : *config;
}

MeshIndex::MeshIndex(const MeshSnapshot& snapshot) : snapshot_(snapshot), mesh_(snapshot.mesh) {
  const MeshConfig* config = FindConfig(mesh_, kDefaultRevision);
  if (config != nullptr && !config->root_namespace.empty()) {
    mesh_.root_namespace = config->root_namespace;
  }
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
  for (const Service& service : snapshot.services) services_[service.name][service.ns] = &service;
  for (const auto& [name, by_namespace] : services_) {
    for (const auto& [ns, service] : by_namespace) services_of_[ns].push_back(service);
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

const std::vector<const Service*>& MeshIndex::ServicesOf(const std::string& ns) const {
  static const std::vector<const Service*> none;
  const auto found = services_of_.find(ns);
  return found == services_of_.end() ? none : found->second;
}

std::vector<const Service*> MeshIndex::FindServices(const std::string& ns,
                                                    const std::string& name) const {
  std::vector<const Service*> out;
  const auto named = services_.find(name);
  if (named == services_.end()) return out;
  for (const auto& [where, service] : named->second) {
    if (ns.empty() || ns == where) out.push_back(service);
  }
  return out;
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
