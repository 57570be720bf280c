// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace traffictap::traffic {

// The trace that a request carries, and the span that it comes from, as the headers of the request
// had them when its proxy was done with it. A proxy that traces writes its own span over its
// caller's, so the client's and the server's proxy may name two spans of one trace.
struct TraceContext {
  uint64_t trace_high = 0;  // 0 also in an id of 64 bits, which B3 allows
  uint64_t trace_low = 0;
  uint64_t span = 0;
  uint8_t flags = 0;  // trace-flags of W3C Trace Context: 1 is "sampled"

  // Ids of zeros alone are none.
  bool present() const { return (trace_high | trace_low) != 0; }
  bool OfSameTrace(const TraceContext& other) const {
    return trace_high == other.trace_high && trace_low == other.trace_low;
  }
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// The headers that may carry it, in lower case.
inline constexpr std::string_view kTraceHeaders[] = {"b3", "traceparent", "x-b3-spanid",
                                                     "x-b3-traceid"};

// The header `traceparent` (W3C Trace Context): nullopt unless it is a whole one of version 00, or
// of a later version whose beginning is. Digits in lower case alone, here and below.
std::optional<TraceContext> ParseTraceParent(std::string_view text);

// The header `b3` (openzipkin/b3-propagation): TRACE-SPAN[-SAMPLED[-PARENT]], a trace id of 32 or
// 16 digits. nullopt for anything else; a "0" alone says only that nothing is sampled.
std::optional<TraceContext> ParseB3(std::string_view text);

// The headers `x-b3-traceid` and `x-b3-spanid`.
std::optional<TraceContext> ParseB3(std::string_view trace_id, std::string_view span_id);

// 32 or 16 digits as the id of a trace, without a span; nullopt for anything else.
std::optional<TraceContext> ParseTraceId(std::string_view digits);

// Of a header list (traffic/header_list.h): the first of traceparent, b3, x-b3-* that can be read;
// absent where none can.
TraceContext TraceIn(std::string_view headers);

// 32 and 16 digits; empty where there is none.
std::string TraceIdText(const TraceContext& trace);
std::string SpanIdText(const TraceContext& trace);

}  // namespace traffictap::traffic
