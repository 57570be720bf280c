// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kube/object.h"
#include "operator/reconcilers/tap_totals.h"

namespace traffictap::reconcilers {

// status.recorder.
kube::Json RecorderJson(const v1::RecorderReport& recorder);

// status.dumps: what the collectors tell, and what the former status (or null) says of others, the
// newest first and at most ten. A dump that was under way in a collector that is gone is
// Interrupted; while no collector is there, nothing changes.
kube::Json DumpsJson(const TapTotals& totals, const kube::Json& former);

// What people are told of a dump that has ended.
struct EndedDump {
  bool warning = false;  // something of it is missing
  std::string message;
};
// The dumps that have ended in `next` and not yet in `former`.
std::vector<EndedDump> EndedDumps(const kube::Json& former, const kube::Json& next);

}  // namespace traffictap::reconcilers
