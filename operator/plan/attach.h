// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/plan/mesh_plan.h"
#include "operator/plan/selection.h"
#include "operator/plan/wanted_headers.h"

namespace traffictap::plan {

// One tap's wish, or a namespace's to be attached whoever taps it. What it points to outlives the call.
struct Demand {
  TapRef tap;
  const tap::TapSpec* spec;  // null: the namespace's
  const Selection* selection;
  // The namespace's: what its patches log, whatever taps want.
  const HeaderSets* standing = nullptr;
};

// What becomes of one workload: its patch, and what stays in the dark.
struct Outcome {
  std::string patch;  // "EnvoyFilter/NAMESPACE/NAME"; empty: none
  std::vector<Note> not_visible;
  std::vector<Note> notes;
  const HeaderSets* standing = nullptr;  // of a standing EnvoyFilter: what it logs
  bool stands = false;                   // the patch is standing
};

struct NamespaceAttachment {
  std::vector<Patch> patches;
  std::map<const Workload*, Outcome> outcomes;  // of each workload that a demand selects
};

// The patches of one namespace, shared by all demands.
NamespaceAttachment Attach(const MeshIndex& index, const std::string& ns,
                           const std::vector<Demand>& demands);

}  // namespace traffictap::plan
