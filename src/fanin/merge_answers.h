// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "fanin/missing.h"

namespace traffictap::fanin {

// One answer of those of several pairers, as observe/README.md has them. Where pairers are missing it
// has `partial`: {"missing": [{"pairer", "reason"}]}. An answer that is no JSON object is left
// out; kInternal: one is, but not of the kind that pairers give.

// Of /api/v1/taps: counters are added up, per tap, output and edge; an output is healthy where it is
// at all pairers. What is no figure is the first pairer's that says it.
StatusOr<std::string> MergeTaps(const std::vector<std::string>& answers,
                                const std::vector<Missing>& missing);

// Of /api/v1/summary?mergeable=true: groups are added up. Rates are, since pairers may have begun at
// different times; percentiles are those of the buckets of all.
StatusOr<std::string> MergeSummaries(const std::vector<std::string>& answers,
                                     const std::vector<Missing>& missing);

}  // namespace traffictap::fanin
