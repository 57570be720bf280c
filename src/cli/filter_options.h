#pragma once

#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/command.h"
#include "observe/record_filter.h"
#include "tap/tap_spec.h"

namespace traffictap::cli {

// The conditions of one command line, as parameters of the live stream (observe/README.md).
struct FilterOptions {
  std::vector<observe::Parameter> parameters;  // in their order; "not.NAME" keeps out
};

// --method, --path, … and --not before any of them. Values are checked when they are taken.
void AddFilterOptions(FilterOptions* out, CommandSpec* spec);

// What of the conditions a TrafficTap itself can hold, so that proxies' records that nobody wants
// go no further than the collector's first look.
struct SplitFilter {
  tap::MatchSpec match;
  tap::Direction direction = tap::Direction::kBoth;
  std::vector<observe::Parameter> rest;  // for the stream's query
};
SplitFilter SplitForTap(const FilterOptions& filter);

}  // namespace traffictap::cli
