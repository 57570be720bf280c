// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "kube/object.h"
#include "operator/mesh/installation.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// The parts of Istio's MeshConfig that bear on access logs: the YAML that a ConfigMap has under the
// key mesh. What cannot be read is as if it were not there.
plan::MeshConfig ReadMeshConfig(const std::string& yaml);

// The Service that proxies send to; empty where it has no port of that name.
std::optional<plan::CollectorService> ReadCollector(const kube::Object& service,
                                                    const Installation& own);

}  // namespace traffictap::mesh
