// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "kube/kube_client.h"
#include "operator/mesh/installation.h"

namespace traffictap::op {

// Removes every patch that an operator has made in the mesh, taps or not, and the operators' lease.
// Returns the number of patches.
StatusOr<int> Uninstall(const mesh::Installation& installation, kube::KubeClient* kube);

}  // namespace traffictap::op
