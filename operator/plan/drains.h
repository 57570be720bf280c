// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::plan {

// What it costs connections to get from the patches that stand to `patches`, one by one; those that
// stay as they are cost nothing. Sorted.
std::vector<Drain> DrainsOf(const MeshIndex& index, const std::vector<Patch>& patches);

// What these patches cost whenever they come or go: "HTTP connections of 3 proxies drain within
// 45s". Empty where there is no proxy.
std::string CostOf(const MeshIndex& index, const std::vector<const Patch*>& patches);

}  // namespace traffictap::plan
