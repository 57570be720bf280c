// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operator/plan/mesh_plan.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::plan {

// Decides everything: which taps are in force, which proxies get which access logger, what the
// collector shall do and what to tell each tap's author. Pure and total: any snapshot gives a plan;
// a bad tap has a outcome and does not touch the others. Cost is about taps x pods. Thread-safe.
MeshPlan Compile(const MeshSnapshot& snapshot);

}  // namespace traffictap::plan
