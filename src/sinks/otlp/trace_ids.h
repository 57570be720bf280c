// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "traffic/traffic_pair.h"

namespace traffictap::sinks {

// The span that a request comes from (traffic/trace_context.h), as OTLP writes it.
struct TraceParent {
  std::string trace_id;  // 16 bytes
  std::string span_id;   // 8 bytes
  uint32_t flags = 0;
  std::string state;  // the header `tracestate`, where the tap captured it
};

// nullopt where the entry tells none.
std::optional<TraceParent> ParentOf(const traffic::PackedEntry& entry);

// 16 bytes, the same for all entries of one request id: a UUID's own digits with the version digit
// as 0 (Envoy may rewrite it), a hash of any other text; of the connection and its start time where
// there is no request id.
std::string TraceIdOf(const traffic::PackedEntry& entry);

// 8 bytes, another one for each entry: the lower half of its traffic::RecordId, so that a span and a
// record of the same entry can be found from each other.
std::string SpanIdOf(const traffic::PackedEntry& entry);

// The trace that a pair belongs to.
struct PairTrace {
  std::string trace_id;
  std::string log_span_id;                   // of the principal entry's span
  std::optional<TraceParent> client_parent;  // what the client's entry was called with
  std::optional<TraceParent> server_parent;  // the same of the server's, where it came alone
};
PairTrace PairTraceOf(const traffic::TrafficPair& pair);

}  // namespace traffictap::sinks
