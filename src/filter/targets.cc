// SPDX-License-Identifier: Apache-2.0
#include "tap/targets.h"

#include <algorithm>

#include "filter/entry_filter.h"

namespace traffictap::filter {

bool TargetsNode(const tap::TapSpec& spec, const traffic::Node& node) {
  const bool gateway = node.proxy_type == "router" || node.proxy_type == "waypoint";
  return tap::TargetsProxy(spec, {node.ns, node.pod, node.workload, gateway, &node.labels});
}

bool IsAttachedPeer(const tap::TapSpec& spec, const traffic::Node& node) {
  return std::any_of(spec.known_peers.begin(), spec.known_peers.end(),
                     [&](const tap::KnownPeer& peer) {
                       return peer.attached && peer.ns == node.ns && peer.workload == node.workload;
                     });
}

}  // namespace traffictap::filter
