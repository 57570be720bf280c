// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/records/cluster.h"
#include "cli/records/filter_options.h"
#include "cli/taps/tap_request.h"
#include "cli/taps/targets.h"

namespace traffictap::cli {

// What the commands take that start a tap or plan one.
struct TapOptions {
  ClusterOptions cluster;
  std::vector<TargetName> targets;
  std::vector<tap::Labels> selectors;  // alternatives; none: by targets
  FilterOptions filter;
  base::Nanos duration = 10 * 60 * base::kSecond;
  base::Nanos wait = 60 * base::kSecond;  // for the operator and the proxies
  base::Nanos open_streams = 0;           // 0: only what has ended
  double sample = 1;                      // the share of requests that is recorded
  bool keep_query = false;
  bool with_peers = false;
  std::string attach_peers;  // a word of --attach-peers; empty: the tap's default
};

// TARGET arguments, the cluster, filters and limits.
void AddTapOptions(TapOptions* out, CommandSpec* spec);

// The tap that is asked for, in the cluster's namespace unless the targets say another one. No call
// is made. kInvalidArgument: the options do not go together.
StatusOr<TapRequest> MakeTapRequest(const TapOptions& options, const Cluster& cluster);

// An option --since: a duration back or a time, kept as the live stream takes it.
Option SinceOption(std::string help, std::string* out);

}  // namespace traffictap::cli
