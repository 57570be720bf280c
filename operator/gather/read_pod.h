#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::gather {

// Finds an owner by namespace, kind and name: ReplicaSets and Jobs, which stand between a pod and
// its workload. Empty where it is not known.
using FindOwner = std::function<std::optional<kube::Object>(
    const std::string& ns, const std::string& kind, const std::string& name)>;

// The namespace that TrafficTap itself runs in: its own pods are never tapped.
struct OwnPods {
  std::string ns;
};

// A Pod as the plan sees it. What the pod does not say stays empty.
plan::Pod ReadPod(const kube::Object& pod, const FindOwner& find_owner, const OwnPods& own);

}  // namespace traffictap::gather
