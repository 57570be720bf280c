// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// One pair as spans: one of kind CLIENT for the client's entry and one of kind SERVER for each of
// the server's, its children; a half that stayed alone is one span, and a stream that is open none
// yet: a span has an end, and its id comes once. `add` makes the span of an
// entry, among those of the entry's own proxy.
//
// Each span has the times of its own proxy's clock: a server's span may begin before its parent or
// end after it, by as much as the two clocks differ (traffictap.timings.clock_offset_ms holds that
// difference together with the way there). Nothing is moved or clamped. An entry without a duration
// ends when it starts.
void AppendSpans(
    const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
    const std::function<opentelemetry::proto::trace::v1::Span*(const traffic::PackedEntry&)>& add);

}  // namespace traffictap::sinks
