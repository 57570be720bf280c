// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "operator/plan/mesh_index.h"

namespace traffictap::plan {

struct SelectorChoice {
  tap::Labels labels;              // empty: the pods have no label in common that lasts
  std::vector<const Pod*> others;  // of `apart_from`: pods that the labels hold for too
};

// The fewest labels that hold for all of `pods` and for as few of `apart_from` as possible. Labels
// that say which workload it is come first, versions last, those that change with every rollout
// never: the choice shall stay the same for as long as the workload does, since each change makes
// its proxies drain connections.
SelectorChoice ChooseSelector(const std::vector<const Pod*>& pods,
                              const std::vector<const Pod*>& apart_from);

// Workloads that one selector stands for.
struct Group {
  std::vector<const Workload*> workloads;  // sorted, not empty
  std::vector<const Pod*> pods;            // with a proxy that a selector reaches
  tap::Labels labels;                      // empty: only the whole namespace would do
  std::vector<const Pod*> others;  // of `reachable`: pods beside `pods` that are covered too
};

// One group per workload, and fewer where their selectors would overlap: no pod is in two.
// `reachable` are all pods that a selector could hold for.
std::vector<Group> GroupBySelector(const std::vector<const Workload*>& workloads,
                                   const std::vector<const Pod*>& reachable);

}  // namespace traffictap::plan
