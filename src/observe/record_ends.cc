// SPDX-License-Identifier: Apache-2.0
#include "observe/record_ends.h"

namespace traffictap::observe {
namespace {

using traffic::PackedEntry;
using traffic::Text;

RecordEnd Of(const PackedEntry* own, const PackedEntry* teller) {
  if (own != nullptr) {
    return {own->node->ns, own->node->workload, {}, own->node->pod, {}, {}, own->node};
  }
  RecordEnd out{teller->text(Text::kPeerNamespace),
                teller->text(Text::kPeerWorkload),
                {},
                {},
                {},
                {},
                nullptr};
  if (!out.name.empty()) return out;
  out.ip = traffic::FarAddress(*teller).IpString();
  return out;
}

}  // namespace

RecordEnd SourceOf(const traffic::TrafficPair& pair) { return Of(pair.client, pair.server()); }

RecordEnd DestinationOf(const traffic::TrafficPair& pair) {
  RecordEnd out = Of(pair.server(), pair.client);
  // "outbound|80|v1|cart.shop.svc.cluster.local"
  const auto cluster =
      pair.client == nullptr ? std::string_view() : pair.client->text(Text::kUpstreamCluster);
  if (cluster.starts_with("outbound|")) {
    out.service = cluster.substr(cluster.rfind('|') + 1);
  } else if (pair.server() != nullptr) {
    out.authority = pair.server()->text(Text::kAuthority);
  }
  return out;
}

}  // namespace traffictap::observe
