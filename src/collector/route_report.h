#pragma once

#include "pipeline/pipeline.h"
#include "traffictap/v1/routes.pb.h"

namespace traffictap::collector {

// The figures of the taps in the form in which they go to the operator. Pure; the caller adds uid
// and generation.
void FillReport(const pipeline::PipelineFigures& figures, v1::CollectorReport* report);

}  // namespace traffictap::collector
