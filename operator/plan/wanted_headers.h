// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>
#include <string>

#include "tap/tap_spec.h"

namespace traffictap::plan {

// Headers that a proxy is to log, in lower case.
struct HeaderSets {
  std::set<std::string> request;
  std::set<std::string> response;
};

// Adds what a tap needs: what it captures, and what it or one of its outputs matches. Never what every
// patch asks for.
void AddWantedHeaders(const tap::TapSpec& spec, HeaderSets* out);

// How a gRPC call ended, in headers or trailers of the response.
inline constexpr std::array<const char*, 2> kGrpcOutcome = {"grpc-message", "grpc-status"};
// The trace of a request (W3C Trace Context; B3 as one header and as several). Every patch asks for them,
// whatever `capture.trace` says, so that no tap that comes or goes changes a patch by them.
inline constexpr std::array<const char*, 4> kTrace = {"b3", "traceparent", "x-b3-spanid",
                                                      "x-b3-traceid"};
void DropAlwaysLogged(HeaderSets* headers);

}  // namespace traffictap::plan
