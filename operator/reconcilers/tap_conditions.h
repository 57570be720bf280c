// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "operator/plan/mesh_plan.h"
#include "operator/reconcilers/tap_status.h"

namespace traffictap::reconcilers {

// The conditions of a tap, in the order in which they are shown: Ready first. Pure. Reasons:
//   Ready          Capturing, Completed, or the reason of the first of Accepted, Programmed and
//                  OutputsReady that is not true; AcknowledgementUnknown does not count
//   Accepted       the plan's
//   Programmed     Programmed, Pending, Refused, ApplyFailed, AcknowledgementUnknown, and the
//                  plan's (PlanOnly, Suspended, Scheduled …)
//   OutputsReady   Delivering, NoOutputs, OutputFailing, CollectorRefused, CollectorPending,
//                  CollectorAbsent, NotInForce, and the plan's
//   LossFree       NothingLost, RecordsLost, CollectorAbsent
//   Completed      Running, and the plan's
//   Conflicted     the plan's
//   Stalled        while a person must edit the tap: the reason of Ready
//   Reconciling    while the operator is at work: the reason of Ready
std::vector<plan::Condition> TapConditions(const TapStatusInput& input);

}  // namespace traffictap::reconcilers
