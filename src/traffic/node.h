// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/socket_address.h"

namespace traffictap::traffic {

// The proxy that wrote an entry, as it named itself in its stream's identifier. Kept for the
// stream's life and as long as an entry of it waits; everything else of the 62 kB identifier is
// dropped. Immutable once shared.
struct Node {
  std::string id;          // Istio: sidecar~IP~POD.NAMESPACE~DOMAIN; other Envoys: any text
  std::string cluster;     // node.cluster
  std::string proxy_type;  // "sidecar", "router", "waypoint", or empty outside Istio
  std::string ip;          // the pod's address as text, or empty
  // Every address of the pod, port 0; `ip` first. A pod of a dual-stack cluster has two.
  std::vector<SocketAddress> addresses;
  std::string pod;       // the pod's name; outside Istio the whole id
  std::string ns;        // metadata NAMESPACE, "default" where the node names none
  std::string workload;  // metadata WORKLOAD_NAME, or else node.cluster
  std::string service_account;
  std::string cluster_id;  // metadata CLUSTER_ID: the Kubernetes cluster
  std::string network;     // metadata NETWORK: pods of two networks may have one address
  // node.locality, as Istio's agent has it of the cloud or of the pod's label istio-locality; or else
  // the pod's own label topology.kubernetes.io/zone, or else what the operator says of its node.
  std::string zone;
  std::map<std::string, std::string> labels;
};

// The version of the workload, as Istio names its canonical revision by the pod's labels; empty where
// they name none (istio/istio: pkg/model, CanonicalServiceRevision).
inline std::string_view VersionOf(const Node& node) {
  for (const char* label :
       {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"}) {
    const auto found = node.labels.find(label);
    if (found != node.labels.end() && !found->second.empty()) return found->second;
  }
  return {};
}

using NodePtr = std::shared_ptr<const Node>;

// Whether addresses of both may be compared: a proxy that names no network may be in any.
inline bool MayShareNetwork(std::string_view a, std::string_view b) {
  return a.empty() || b.empty() || a == b;
}

}  // namespace traffictap::traffic
