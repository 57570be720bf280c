// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "observe/record_filter.h"
#include "observe/traffic_summary.h"

namespace traffictap::observe {

struct SummaryRequest {
  std::vector<std::string> taps;
  // up to its end; shorter where the backlogs do not reach back that far
  base::Nanos window = 60 * base::kSecond;
  std::shared_ptr<const RecordFilter> filter;
  TrafficSummary::By by = TrafficSummary::By::kNothing;
  bool mergeable = false;  // TrafficSummary::Render's
};

// A TrafficSummary of the backlogs' records that arrived until `end` (wall clock). Computed when
// asked: O(records in the window), bounded by the backlogs.
std::string SummaryJson(const LiveHub& hub, const SummaryRequest& request, const Access& access,
                        base::Nanos end);

}  // namespace traffictap::observe
