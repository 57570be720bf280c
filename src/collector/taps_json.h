// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "pipeline/pipeline.h"

namespace traffictap::collector {

// The taps that `access` may read with their counters, outputs and losses, as one JSON object
// (observe/README.md); the collector's own counters too where `access` is of everything.
// `trace_url`: where a trace can be looked at, with {traceId} in it; empty: nowhere.
std::string TapsJson(const pipeline::PipelineSnapshot& snapshot, const observe::LiveHub& hub,
                     const observe::Access& access, const std::string& trace_url);

}  // namespace traffictap::collector
