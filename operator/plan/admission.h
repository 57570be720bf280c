// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "operator/plan/outputs.h"
#include "operator/plan/peers.h"
#include "operator/plan/schedule.h"
#include "operator/plan/selection.h"

namespace traffictap::plan {

// All that is decided of one tap before its proxies are patched.
struct TapState {
  const TapObject* tap = nullptr;
  bool accepted = false;
  std::string reason;  // of Accepted
  std::string message;
  tap::TapSpecPtr resolved;      // in the collector's form; null unless accepted
  std::vector<Note> unresolved;  // outputs that had to be left out
  Schedule schedule;
  Selection selection;  // empty where the spec has faults
  PeerChoice peers;     // empty unless in force

  bool in_force() const {
    return accepted && schedule.phase == Phase::kRunning && !tap->suspended && !tap->plan_only;
  }
};

// Claims are made in the order of the calls.
TapState Admit(const TapObject& tap, const MeshIndex& index, FileClaims* claims);

}  // namespace traffictap::plan
