#pragma once

#include <optional>
#include <string>

#include "kube/object.h"
#include "operator/mesh/installation.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// The parts of Istio's MeshConfig (the YAML in ConfigMap istio, key mesh) that bear on access logs.
// Fields that it does not name keep what `settings` has.
void ReadMeshConfig(const std::string& yaml, plan::MeshSettings* settings);

// The Service that proxies send to; empty where it has no port of that name.
std::optional<plan::CollectorService> ReadCollector(const kube::Object& service,
                                                    const Installation& own);

}  // namespace traffictap::mesh
