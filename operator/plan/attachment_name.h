// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

// The names of what the operator writes: the same for the same workload, whichever taps want it.
namespace traffictap::plan {

std::string NamespacePatchName();
// A DNS subdomain of at most 253 characters; too long names are cut and told apart by a hash.
std::string PatchNameOf(const Workload& workload);

// "EnvoyFilter/shop/traffictap-deployment-cart".
std::string IdOf(const Patch& patch);

}  // namespace traffictap::plan
