// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kube/object.h"

namespace traffictap::kube {

struct WorkloadName {
  std::string kind;  // "Deployment", "StatefulSet", "CronJob", …; "Pod" of one that nobody controls
  std::string name;
};

// What a pod belongs to, by its controlling owner, as Istio tells it in WORKLOAD_NAME. Of ReplicaSets,
// Jobs and OpenShift's ReplicationControllers the object above them, told by the names and labels
// that their controllers give: no other object has to be read.
WorkloadName WorkloadOf(const Object& pod);

}  // namespace traffictap::kube
