// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/proto/logs/v1/logs.pb.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// One pair as one log record, in the words of its principal entry; the other side's are in
// traffictap.*. Its trace and span are those that AppendSpans makes of the same pair. `observed`:
// Unix epoch.
void FillLogRecord(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
                   base::Nanos observed, opentelemetry::proto::logs::v1::LogRecord* out);

}  // namespace traffictap::sinks
