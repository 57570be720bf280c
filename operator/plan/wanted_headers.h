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

// Adds what a tap needs: what it captures, and what it or one of its outputs matches. Never how a gRPC call
// ended: every patch asks for that.
void AddWantedHeaders(const tap::TapSpec& spec, HeaderSets* out);

// How a gRPC call ended, in headers or trailers.
inline constexpr std::array<const char*, 2> kGrpcOutcome = {"grpc-message", "grpc-status"};
void DropGrpcOutcome(HeaderSets* headers);

}  // namespace traffictap::plan
