// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/print/printer.h"

namespace traffictap::cli::print {

struct TopOptions {
  bool by_route = false;      // by edge otherwise
  std::string sort = "rate";  // one of kTopSorts, the largest first; "name" ascends
  size_t rows_max = 0;        // 0: all
};

constexpr const char* kTopSorts[] = {"rate", "errors", "client", "server", "between", "name"};

// What a summary (observe/README.md, "summary") says per edge or route: rate, share of errors, p50
// and p99 of both sides and between. Durations sort by their p99. kInvalidArgument: it is none.
StatusOr<std::string> TopText(std::string_view summary, const TopOptions& options,
                              const Page& page);

}  // namespace traffictap::cli::print
