// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/print/printer.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::cli::print {

// The records of one trace as a tree of calls (observe/trace_tree.h), a line each: both codes, the
// verdict, the time in all, the callee's own, that between the two proxies, and how it is known
// where the line belongs. A caller at the top has a line without figures, with the reason if it is
// a gap.
std::string TraceText(const std::vector<v1::TrafficPair>& records, const Page& page);

}  // namespace traffictap::cli::print
