// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/shell/command.h"
#include "observe/record_conditions.h"
#include "tap/tap_spec.h"

namespace traffictap::cli {

// The conditions of one command line, as parameters of the live stream (observe/README.md).
struct FilterOptions {
  std::vector<observe::Parameter> parameters;  // in their order; "not.NAME" keeps out
};

// The options of observe::FilterWords, and --not before any of them. Values are checked when they
// are taken.
void AddFilterOptions(FilterOptions* out, CommandSpec* spec);

// What of the conditions a TrafficTap itself can hold, so that proxies' records that nobody wants
// go no further than the collector's first look.
struct SplitFilter {
  tap::MatchSpec match;
  tap::Direction direction = tap::Direction::kBoth;
  // Those that `rest` has to see; the ones of `match` are captured by matching.
  std::vector<std::string> capture_request_headers;
  std::vector<observe::Parameter> rest;  // for the stream's query
};
SplitFilter SplitForTap(const FilterOptions& filter);

// Whether the conditions ask for records of open streams: --state Open, or --not --state Ended.
bool AsksForOpen(const FilterOptions& filter);

// For commands that count, which see a stream once, when it has ended. kInvalidArgument: the
// conditions ask for open ones.
Status CheckCounted(const FilterOptions& filter);

}  // namespace traffictap::cli
