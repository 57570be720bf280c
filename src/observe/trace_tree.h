// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "traffictap/v1/pair.pb.h"

namespace traffictap::observe {

// How it is known which hop another one belongs to. Times of two proxies are never compared: the
// call that a pod received and those that it made are of one proxy, and so of one clock.
enum class HopLink {
  kNone,   // at the top
  kSpan,   // the pod received a call with the span that this one carries
  kProxy,  // the pod had received the call before it made this one, by the clock of its own proxy
  kWorkload,  // a side is missing: the one call that the caller's workload received
};
const char* ToString(HopLink link);  // "span", "proxy", "workload"; "" for kNone

// One request of a trace, and those that were made to answer it.
struct TraceHop {
  HopLink link = HopLink::kNone;
  std::optional<double> total_ms;  // the client's side, or else the server's
  // Of the side that answered, less the time in which calls that it made were open. Never below 0.
  std::optional<double> self_ms;
  std::vector<size_t> children;  // by their start where one clock tells it
};

// Hops at the top that one caller made.
struct TraceRoot {
  std::string caller;  // "shop/web"
  std::vector<size_t> hops;
  // Why nothing is above them; empty where they are simply the first.
  std::string gap;
};

struct TraceTree {
  std::vector<TraceHop> hops;  // as the records are
  std::vector<TraceRoot> roots;
};

// The records of one trace or request id, each once, as calls that led to each other. Every one of
// them is in the tree exactly once. The time grows with the square of the calls of one pod.
TraceTree MakeTraceTree(const std::vector<v1::TrafficPair>& records);

}  // namespace traffictap::observe
