#pragma once

#include <vector>

#include "operator/plan/mesh_plan.h"
#include "operator/reconcilers/tap_status.h"

namespace traffictap::reconcilers {

// The conditions of a tap, in the order in which they are shown: Ready first. Pure. Reasons:
//   Programmed    Programmed, Pending, Refused, ApplyFailed, AcknowledgementUnknown, and the plan's
//   OutputsReady  Delivering, NoOutputs, OutputFailing, CollectorRefused, CollectorPending,
//   CollectorAbsent,
//                 and the plan's
//   LossFree      NothingLost, RecordsLost, CollectorAbsent, NotInForce
//   Ready         Capturing, Completed, PlanOnly, Suspended, Scheduled, or the reason of what is
//                 not ready
std::vector<plan::Condition> TapConditions(const TapStatusInput& input);

}  // namespace traffictap::reconcilers
