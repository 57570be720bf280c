// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/make_snapshot.h"

#include <string_view>
#include <vector>

#include "base/fnv1a.h"
#include "fmt/format.h"
#include "tap/schema_version.h"

namespace traffictap::discovery {
namespace {

// Kubernetes is made for 5,000.
constexpr size_t kNodesMax = 16'384;

// By zone, as there are few of them and many nodes.
void AddZones(const NodeZones& node_zones, v1::DiscoverySnapshot* snapshot) {
  std::map<std::string_view, std::vector<std::string_view>> nodes_by_zone;
  size_t count = 0;
  for (const auto& [node, zone] : node_zones) {
    if (++count > kNodesMax) break;
    nodes_by_zone[zone].push_back(node);
  }
  for (const auto& [zone, nodes] : nodes_by_zone) {
    auto* out = snapshot->add_zones();
    out->set_name(std::string(zone));
    for (const auto& node : nodes) out->add_nodes(std::string(node));
  }
}

}  // namespace

SnapshotPtr MakeSnapshot(const std::vector<plan::CompiledTap>& taps, const NodeZones& zones,
                         const std::string& operator_version) {
  auto snapshot = std::make_shared<v1::DiscoverySnapshot>();
  snapshot->set_schema_version(tap::kSchemaVersion);
  snapshot->set_operator_version(operator_version);
  snapshot->set_grants_leases(true);
  for (const auto& tap : taps) {
    auto* out = snapshot->add_taps();
    out->set_tap(tap.key);
    out->set_uid(tap.uid);
    out->set_generation(tap.generation);
    out->set_document(tap.document);
    for (const auto& peer : tap.peers) {
      auto* known = out->add_peers();
      known->set_namespace_(peer.ns);
      known->set_workload(peer.workload);
      known->set_attached(peer.attached);
      known->set_network(peer.network);
      for (const auto& address : peer.addresses) known->add_addresses(address);
    }
  }
  AddZones(zones, snapshot.get());
  // Equal content must have an equal version also in another operator's process. One of another
  // version of the program is sent anew: taps that did not change are not touched by that.
  snapshot->set_version(fmt::format("{:016x}", base::Fnv1a(snapshot->SerializeAsString())));
  return snapshot;
}

}  // namespace traffictap::discovery
