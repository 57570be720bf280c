// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/schedule.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::plan {
namespace {

void Complete(Schedule* schedule, const char* reason, std::string message) {
  schedule->phase = Phase::kCompleted;
  schedule->reason = reason;
  schedule->message = std::move(message);
}

// The earlier of the two ends, and which one it is.
void SetEnd(const tap::LimitsSpec& limits, Schedule* schedule, bool* by_duration) {
  schedule->ends = limits.end_time;
  if (!limits.duration || !schedule->started) return;
  const base::Nanos end = *schedule->started + *limits.duration;
  *by_duration = !schedule->ends || end < *schedule->ends;
  if (*by_duration) schedule->ends = end;
}

}  // namespace

Schedule ScheduleOf(const TapObject& tap, base::Nanos now, bool may_run) {
  const tap::LimitsSpec& limits = tap.spec->limits;
  Schedule out;
  out.started = tap.started;
  if (limits.start_time && now < *limits.start_time) {
    out.phase = Phase::kScheduled;
    out.reason = "Scheduled";
    out.message = fmt::format("starts at {}", base::FormatRfc3339(*limits.start_time));
    out.changes = limits.start_time;
    out.ends = limits.end_time;
    return out;
  }
  if (!out.started && may_run) out.started = now;
  // A startTime that was moved since begins a new period.
  if (out.started && limits.start_time) out.started = std::max(*out.started, *limits.start_time);
  bool by_duration = false;
  SetEnd(limits, &out, &by_duration);
  out.reason = "Running";
  out.message =
      out.ends ? fmt::format("until {}", base::FormatRfc3339(*out.ends)) : "without an end";
  if (limits.max_records && tap.records >= *limits.max_records) {
    Complete(&out, "MaxRecordsReached",
             fmt::format("wrote the {} records of limits.maxRecords: increase it to continue",
                         *limits.max_records));
  } else if (out.ends && now >= *out.ends && by_duration) {
    Complete(&out, "DurationReached",
             fmt::format("ran for limits.duration {} until {}: increase it to continue",
                         tap::FormatDuration(*limits.duration), base::FormatRfc3339(*out.ends)));
  } else if (out.ends && now >= *out.ends) {
    Complete(&out, "EndTimeReached",
             fmt::format("limits.endTime {} has passed: set a later time to continue",
                         base::FormatRfc3339(*out.ends)));
  } else {
    out.changes = out.ends;
  }
  if (out.phase == Phase::kCompleted && !tap.started) out.started.reset();  // it never ran
  return out;
}

}  // namespace traffictap::plan
