// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/records/cluster.h"
#include "cli/records/output_options.h"
#include "cli/records/record_stream.h"

namespace traffictap::cli {

// Reads records and shows them until --max, the stream's end or an interrupt. OK: the first two.
// Says what was lost and, where something was, how many were shown.
// With `last` above 0 the stream begins with so many of the newest records that the collector holds.
Status ShowRecords(const Cluster& cluster, const RecordStreamOptions& stream,
                   const OutputOptions& output, Session& session, uint64_t last = 0);

}  // namespace traffictap::cli
