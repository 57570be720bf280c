// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "operator/plan/mesh_snapshot.h"

namespace traffictap::plan {

// The pods of one owner. `pods` are sorted by name and hold none that has finished.
struct Workload {
  std::string ns;
  std::string kind;
  std::string name;
  std::vector<const Pod*> pods;
  bool ours = false;

  std::string subject() const { return ns + "/" + kind + "/" + name; }
};

// True for proxies that a patch by labels reaches.
inline bool IsPatchable(const Pod& pod) {
  return pod.proxy == Proxy::kSidecar || pod.proxy == Proxy::kGateway;
}

bool HasLabels(const tap::Labels& labels, const tap::Labels& selector);

// Whether a patch of the pod's own namespace is for its proxy.
bool IsUnder(const Attachment& at, const Pod& pod);

// The snapshot, made quick to ask. The snapshot outlives it.
class MeshIndex {
 public:
  explicit MeshIndex(const MeshSnapshot& snapshot);

  const MeshSnapshot& snapshot() const { return snapshot_; }
  // With the root namespace that the mesh's own configuration names.
  const MeshSettings& mesh() const { return mesh_; }
  // Of the pod's istiod: of its revision, else of the default one, else of the first.
  const MeshConfig& ConfigOf(const Pod& pod) const;
  // By namespace, then by kind and name.
  const std::map<std::string, std::vector<Workload>>& namespaces() const { return workloads_; }
  const std::vector<Workload>& WorkloadsOf(const std::string& ns) const;
  // By name.
  const std::vector<const Service*>& ServicesOf(const std::string& ns) const;
  // Of all namespaces where `ns` is empty; sorted by namespace.
  std::vector<const Service*> FindServices(const std::string& ns, const std::string& name) const;
  // Whether there is a namespace of that name.
  bool HasNamespace(const std::string& ns) const { return labels_.contains(ns); }
  const DestinationObject* FindDestination(const std::string& name) const;
  // Empty labels for a namespace that is not in the snapshot.
  const tap::Labels& LabelsOf(const std::string& ns) const;

  // The root namespace is the whole mesh to Istio: taps stay out unless its administrator labels it
  // traffictap.io/allow-taps: "true".
  bool IsForbidden(const std::string& ns) const;
  // Holds a pod of the collector or the operator.
  bool HoldsOurs(const std::string& ns) const;

 private:
  const MeshSnapshot& snapshot_;
  MeshSettings mesh_;
  std::map<std::string, std::vector<Workload>> workloads_;
  std::map<std::string, std::map<std::string, const Service*>> services_;  // by name, by namespace
  std::map<std::string, std::vector<const Service*>> services_of_;         // by namespace
  std::map<std::string, const DestinationObject*> destinations_;
  std::map<std::string, const tap::Labels*> labels_;
};

}  // namespace traffictap::plan
