// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cli/records/filter_options.h"
#include "cli/taps/targets.h"
#include "kube/kube_client.h"
#include "tap/peer_spec.h"

namespace traffictap::cli {

// Marks taps that a command line started, and who did.
inline constexpr char kTemporaryLabel[] = "traffictap.io/temporary";
inline constexpr char kUserAnnotation[] = "traffictap.io/user";

// The tap that a command line asks for.
struct TapRequest {
  TargetChoice choice;
  FilterOptions filter;
  base::Nanos duration = 10 * 60 * base::kSecond;
  base::Nanos open_streams = 0;  // 0: only what has ended, unless the filter asks for open ones
  bool keep_query = false;       // query values are not redacted
  // The whole namespace is tapped, so that both sides of a request are seen, and the stream shows
  // the targets' alone. Targets are workloads then.
  bool with_peers = false;
  std::optional<tap::PeerAttach> attach_peers = {};  // absent: the tap's default
  double sample = 1;                                 // the share of requests that is recorded
};

bool IsClusterWide(const TapRequest& request);
const kube::Resource& ResourceOf(const TapRequest& request);

// The object, with a name that the API server completes. Its duration ends it even where nobody
// deletes it. `user` may be empty.
kube::Object TemporaryTap(const TapRequest& request, const std::string& user);

// The same, for the operator to plan and never to put in force.
kube::Object PlanOnlyTap(const TapRequest& request, const std::string& user);

// The conditions that the object cannot hold, for the query of its stream.
std::vector<std::pair<std::string, std::string>> StreamQuery(const TapRequest& request);

}  // namespace traffictap::cli
