// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "operator/plan/mesh_snapshot.h"

namespace traffictap::plan {

enum class Phase { kScheduled, kRunning, kCompleted };

// Where a tap stands in its limits.
struct Schedule {
  Phase phase = Phase::kRunning;
  std::string reason;  // "Scheduled", "Running", "DurationReached", …
  std::string message;
  std::optional<base::Nanos> started;  // Unix epoch
  std::optional<base::Nanos> ends;
  std::optional<base::Nanos> changes;  // when time alone moves it to the next phase
};

// `may_run` is false for a tap that is suspended, refused or planned only: it does not start to
// count.
Schedule ScheduleOf(const TapObject& tap, base::Nanos now, bool may_run);

}  // namespace traffictap::plan
