// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "operator/plan/admission.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::plan {

// What becomes of each of the tap's targets, in its own order; none of a tap without targets or with
// faults. `outcome` has its proxies and what is not visible, sorted.
std::vector<TargetOutcome> TargetOutcomesOf(const TapState& state, const MeshIndex& index,
                                            const TapOutcome& outcome);

// "Service cart", "Pod with app=cart".
std::string SubjectOf(const tap::Target& target);

}  // namespace traffictap::plan
