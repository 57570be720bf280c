// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>
#include <string>

#include "tap/tap_spec.h"

namespace traffictap::plan {

// What a proxy is to log beyond the standard fields: headers, in lower case, and how often streams that
// are open (0: not at all).
struct HeaderSets {
  std::set<std::string> request;
  std::set<std::string> response;
  base::Nanos open_streams = 0;
};

// Of two intervals for one proxy the shorter one, which serves both; 0 is none.
base::Nanos ShorterInterval(base::Nanos a, base::Nanos b);

// Adds what a tap needs: what it captures, and what it or one of its outputs matches. Never what every
// patch asks for. Of several taps' intervals the shortest is taken.
void AddWantedHeaders(const tap::TapSpec& spec, HeaderSets* out);

// How a gRPC call ended, in headers or trailers of the response.
inline constexpr std::array<const char*, 2> kGrpcOutcome = {"grpc-message", "grpc-status"};
// The trace of a request (W3C Trace Context; B3 as one header and as several). Every patch asks for them,
// whatever `capture.trace` says, so that no tap that comes or goes changes a patch by them.
inline constexpr std::array<const char*, 4> kTrace = {"b3", "traceparent", "x-b3-spanid",
                                                      "x-b3-traceid"};
void DropAlwaysLogged(HeaderSets* headers);

}  // namespace traffictap::plan
