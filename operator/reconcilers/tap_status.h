// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"
#include "operator/plan/mesh_plan.h"
#include "operator/reconcilers/tap_totals.h"

namespace traffictap::reconcilers {

// What istiod says of the proxies that a tap's patches reach.
struct ProxyAcknowledgements {
  bool known = false;    // istiod could be asked since the patches were written
  bool asking = false;   // not known yet, and nothing says that istiod will not answer
  uint32_t proxies = 0;  // of the tap's meshed pods: those connected to istiod
  uint32_t acknowledged = 0;
  std::vector<std::string> refusals;  // "shop/cart-0: …", at most a few
};

struct TapStatusInput {
  plan::TapOutcome outcome;
  std::string patch_error;  // the API server refused a patch of the tap; empty: none did
  ProxyAcknowledgements proxies;
  TapTotals totals;
  kube::Json former;  // the tap's status as it stands, or null
  base::Nanos now = 0;
};

// The whole status of a tap. Pure; the sole writer of reasons beside the plan. Conditions whose
// status did not change keep their lastTransitionTime. Bounded in size whatever the mesh.
//
// Ready follows kstatus: a tap that a limit has ended is Ready (reason Completed), so that GitOps
// does not wait for ever; Stalled and Reconciling are there only while they are true.
kube::Json TapStatus(const TapStatusInput& input);

// Whether the two say the same, in whatever order: the API server may keep another than ours.
bool IsSameStatus(const kube::Json& former, const kube::Json& next);
// Whether `next` says something new apart from counts: then it is written at once.
bool DiffersBeyondCounts(const kube::Json& former, const kube::Json& next);
// Whether other leases of maxRecords are in it: they wait for it to be written.
bool DiffersInLeases(const kube::Json& former, const kube::Json& next);

}  // namespace traffictap::reconcilers
