// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "operator/plan/admission.h"
#include "operator/plan/attach.h"

namespace traffictap::plan {

using Outcomes = std::map<const Workload*, Outcome>;

// What to tell the tap's author. `outcomes` are those of the plan, or of what the plan would be
// with a tap that is planned only.
TapOutcome OutcomeOf(const TapState& state, const MeshIndex& index, const Outcomes& outcomes);

}  // namespace traffictap::plan
