#pragma once

#include <string>

#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "pipeline/pipeline.h"

namespace traffictap::collector {

// The taps that `access` may read with their books, outputs and losses, as one JSON object
// (observe/README.md); the collector's own books too where `access` is of everything.
std::string TapsJson(const pipeline::PipelineFigures& figures, const observe::LiveHub& hub,
                     const observe::Access& access);

}  // namespace traffictap::collector
