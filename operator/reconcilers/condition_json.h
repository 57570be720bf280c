// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "kube/object.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::reconcilers {

// A metav1.Condition of the object whose status is `former` (or null) as it stands. Where that has
// the condition with the same status its lastTransitionTime is kept. The message is cut to a bound.
kube::Json ConditionJson(const plan::Condition& condition, int64_t generation,
                         const kube::Json& former, base::Nanos now);

// A text for a person, cut at a character where it is longer than an object's status may hold.
std::string CutMessage(std::string text);

}  // namespace traffictap::reconcilers
