#pragma once

#include <set>
#include <string>
#include <vector>

#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "observe/record_filter.h"

namespace traffictap::observe {

struct SummaryRequest {
  std::vector<std::string> taps;
  base::Nanos window =
      60 * base::kSecond;  // up to now; shorter where the backlogs do not reach back that far
  std::shared_ptr<const RecordFilter> filter;
};

// Rates, errors and latencies per edge (source → destination) and per route (edge, method, path
// without identifiers) of the backlogs' records, as one JSON object (observe/README.md). Computed
// when asked: O(records in the window), bounded by the backlogs, and at most kGroupsMax groups of
// each kind (the busiest; the rest is counted).
std::string SummaryJson(const LiveHub& hub, const SummaryRequest& request, const Access& access,
                        base::Nanos now);
constexpr size_t kGroupsMax = 500;

// "/cart/42/items" → "/cart/{id}/items": segments that are numbers, UUIDs or long hexadecimal text.
std::string RouteOf(std::string_view path);

}  // namespace traffictap::observe
