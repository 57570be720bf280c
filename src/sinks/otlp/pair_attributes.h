// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sinks/otlp/attribute_writer.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// What is ours alone: traffictap.tap, .record.id, .verdict, .orphan_reason, .state, .denial.*,
// .dry_run.*, .request.*, and .weight where the record stands for more requests than one.
void AddPairAttributes(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
                       AttributeWriter& out);

// Both ends as far as they are known: traffictap.source.* and traffictap.destination.* (workload,
// namespace, pod, ip, zone, network), traffictap.destination.service.
void AddEndAttributes(const traffic::TrafficPair& pair, AttributeWriter& out);

// traffictap.timings.client_ms, server_ms, between_ms and clock_offset_ms, with the meaning that
// proto/traffictap/v1/pair.proto gives them.
void AddTimingAttributes(const traffic::TrafficPair& pair, AttributeWriter& out);

// What one proxy alone tells: traffictap.response.flags and .code_details, .upstream_cluster,
// .route_name, principals, failures, and the moments of the request in ms since the span's start.
void AddSideAttributes(const traffic::PackedEntry& entry, AttributeWriter& out);

}  // namespace traffictap::sinks
