// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::plan {

// Keeps what stands beyond what taps want for the grace time, so that tap after tap drains a
// workload's connections once: a patch that no tap wants any more, and headers and protocols of one
// that some still want. Never two patches for one pod, and never one that is not intact. Sets when
// the first grace ends in `next_change`, unless that is earlier. Only EnvoyFilters wait: a Telemetry
// repeats what others log, which may change meanwhile.
void Linger(const MeshIndex& index, std::vector<Patch>* patches,
            std::optional<base::Nanos>* next_change);

}  // namespace traffictap::plan
