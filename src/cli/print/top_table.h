// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cli/print/printer.h"

namespace traffictap::cli::print {

struct TopOptions {
  std::string by = "edge";    // one of kTopGroups
  std::string sort = "rate";  // one of kTopSorts, the largest first; "name" ascends
  size_t rows_max = 0;        // 0: all
};

constexpr const char* kTopGroups[] = {"edge", "route", "zone", "version", "pod"};
constexpr const char* kTopSorts[] = {"rate", "errors", "client", "server", "between", "name"};

// What a summary (observe/README.md, "summary") says per edge or route: rate, share of errors, p50
// and p99 of both sides and between; a figure that is estimated from a sample has a ≈. Durations
// sort by their p99. kInvalidArgument: it is none.
StatusOr<std::string> TopText(std::string_view summary, const TopOptions& options,
                              const Page& page);

// What limits.maxRecordsPerSecond left out of the figures, per edge, by the taps' own state
// (observe/README.md, "taps"): a line for each tap of `taps` (empty: all) that left out any, empty
// where none did.
std::string LeftOutText(std::string_view state, const std::vector<std::string>& taps);

}  // namespace traffictap::cli::print
