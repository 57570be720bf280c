// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "traffic/access_entry.h"
#include "traffic/node.h"

namespace traffictap::als {

// Which end of its request or connection an entry's proxy stood at. The first rule that says it:
// - the tag "traffictap_side" of the patch that asked for the entry: exact;
// - the upstream cluster, as Istio names it: "inbound|PORT||" (or with '_' after a rename of '|')
//   and InboundPassthroughCluster are a server's own application; "outbound|…", "inbound-vip|…" (a
//   waypoint's), PassthroughCluster and BlackHoleCluster lead on;
// - the proxy's own address (sidecars): it is where the client called, or where the call came from;
//   who calls from another pod comes in;
// - waypoints and gateways: one that answered by itself was the server of who asked it;
// - the neighbours, where the proxy's address is not known (Envoy without Istio): an application on
//   the loopback, or at the address that was called, is the server's; so is a cluster named as in
//   Envoy's, Consul's and Kuma's examples (local_service, local_app, localhost…), and a proxy that
//   answered another host by itself;
// - otherwise it is the client's.
// Envoy leaves the cluster empty where it chose no host: a proxy that denies, aborts or redirects
// by itself has none. `tag` and `node` may be empty and null.
traffic::Reporter ReporterOf(std::string_view tag, const traffic::AccessEntry& entry,
                             const traffic::Node* node);

}  // namespace traffictap::als
