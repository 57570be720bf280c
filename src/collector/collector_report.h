// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/pipeline.h"
#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::collector {

// The counters of the taps in the form in which they go to the operator. Pure; the caller adds uid
// and generation.
void FillReport(const pipeline::PipelineSnapshot& snapshot, v1::CollectorReport* report);

}  // namespace traffictap::collector
