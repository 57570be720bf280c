// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "kube/object.h"

namespace traffictap::reconcilers {

using ObjectPtr = std::shared_ptr<const kube::Object>;
using Objects = std::vector<ObjectPtr>;

// What the watches have seen, at one moment.
struct MeshObjects {
  Objects taps;           // TrafficTap and ClusterTrafficTap
  Objects envoy_filters;  // our own and others'
  Objects telemetries;
  Objects others;  // TapDestination, Namespace, Pod, Service, Sidecar, the mesh's ConfigMap
};

}  // namespace traffictap::reconcilers
