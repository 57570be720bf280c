// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/pair_attributes.h"

#include "sinks/otlp/http_attributes.h"
#include "traffic/denial.h"
#include "traffic/dry_run.h"
#include "traffic/record_id.h"

namespace traffictap::sinks {
namespace {

using traffic::PackedEntry;
using traffic::Text;

// The keys of one end.
struct EndKeys {
  const char* workload;
  const char* ns;
  const char* pod;
  const char* ip;
  const char* zone;
  const char* network;
};
constexpr EndKeys kSource = {"traffictap.source.workload", "traffictap.source.namespace",
                             "traffictap.source.pod",      "traffictap.source.ip",
                             "traffictap.source.zone",     "traffictap.source.network"};
constexpr EndKeys kDestination = {
    "traffictap.destination.workload", "traffictap.destination.namespace",
    "traffictap.destination.pod",      "traffictap.destination.ip",
    "traffictap.destination.zone",     "traffictap.destination.network"};

void AddEnd(const EndKeys& keys, const PackedEntry* own, const PackedEntry* teller,
            AttributeWriter& out) {
  if (own != nullptr) {
    out.Text(keys.workload, own->node->workload);
    out.Text(keys.ns, own->node->ns);
    out.Text(keys.pod, own->node->pod);
    out.Text(keys.ip, own->node->ip);
    out.Text(keys.zone, own->node->zone);
    out.Text(keys.network, own->node->network);
  } else {
    out.Text(keys.workload, teller->text(Text::kPeerWorkload));
    out.Text(keys.ns, teller->text(Text::kPeerNamespace));
    out.Text(keys.ip, traffic::FarAddress(*teller).IpString());
  }
}

void AddDenial(const traffic::TrafficPair& pair, AttributeWriter& out) {
  if (pair.verdict != traffic::Verdict::kDenied) return;
  const auto denial = traffic::DenialIn(pair);
  if (!denial) return;
  out.Text("traffictap.denial.by", ToString(denial->by));
  out.Text("traffictap.denial.policy", denial->policy.name);
  out.Text("traffictap.denial.policy_namespace", denial->policy.ns);
  out.Text("traffictap.denial.rule", denial->policy.rule);
  out.Text("traffictap.denial.side", ToString(denial->side));
}

void AddDryRun(const traffic::TrafficPair& pair, AttributeWriter& out) {
  const auto dry_run = traffic::DryRunIn(pair);
  if (!dry_run) return;
  out.Text("traffictap.dry_run.result", traffic::Result(*dry_run));
  out.Text("traffictap.dry_run.policy", dry_run->policy.name);
  out.Text("traffictap.dry_run.policy_namespace", dry_run->policy.ns);
  out.Text("traffictap.dry_run.rule", dry_run->policy.rule);
  out.Text("traffictap.dry_run.side", ToString(dry_run->side));
}

}  // namespace

void AddPairAttributes(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
                       AttributeWriter& out) {
  const PackedEntry& principal = pair.principal();
  out.Text("traffictap.tap", origin.tap);
  out.Text("traffictap.record.id", traffic::RecordIdText(traffic::RecordIdOf(principal)));
  out.Text("traffictap.verdict", ToString(pair.verdict));
  out.Text("traffictap.orphan_reason", ToString(pair.orphan_reason));
  if (pair.open()) out.Text("traffictap.state", "Open");
  if (pair.weight != 1) out.Decimal("traffictap.weight", pair.weight);
  AddDenial(pair, out);
  AddDryRun(pair, out);
  out.Text("traffictap.request.id", principal.text(Text::kRequestId));
  out.Text("traffictap.request.span_id", traffic::SpanIdText(traffic::TraceOf(pair)));
}

void AddEndAttributes(const traffic::TrafficPair& pair, AttributeWriter& out) {
  AddEnd(kSource, pair.client, pair.server(), out);
  AddEnd(kDestination, pair.server(), pair.client, out);
  const auto cluster = pair.principal().text(Text::kUpstreamCluster);
  if (pair.client != nullptr && cluster.starts_with("outbound|")) {
    out.Text("traffictap.destination.service", cluster.substr(cluster.rfind('|') + 1));
  }
}

void AddTimingAttributes(const traffic::TrafficPair& pair, AttributeWriter& out) {
  const base::Nanos client = pair.client ? pair.client->facts.duration : traffic::kAbsent;
  const base::Nanos server = pair.server() ? pair.server()->facts.duration : traffic::kAbsent;
  out.Milliseconds("traffictap.timings.client_ms", client);
  out.Milliseconds("traffictap.timings.server_ms", server);
  if (client == traffic::kAbsent || server == traffic::kAbsent) return;
  out.Difference("traffictap.timings.between_ms", client - server);
  out.Difference("traffictap.timings.clock_offset_ms",
                 pair.server()->facts.start_time - pair.client->facts.start_time);
}

void AddSideAttributes(const PackedEntry& entry, AttributeWriter& out) {
  const auto& facts = entry.facts;
  out.Texts("traffictap.response.flags", FlagNames(entry));
  out.Text("traffictap.response.code_details", entry.text(Text::kResponseCodeDetails));
  out.Text("traffictap.upstream_cluster", entry.text(Text::kUpstreamCluster));
  out.Text("traffictap.route_name", entry.text(Text::kRouteName));
  out.Text("traffictap.peer_principal", entry.text(Text::kPeerPrincipal));
  out.Text("traffictap.local_principal", entry.text(Text::kLocalPrincipal));
  out.Text("traffictap.upstream_transport_failure", entry.text(Text::kUpstreamTransportFailure));
  out.Text("traffictap.downstream_transport_failure",
           entry.text(Text::kDownstreamTransportFailure));
  out.Text("traffictap.connection_termination", entry.text(Text::kConnectionTermination));
  out.Milliseconds("traffictap.last_rx_byte_ms", facts.last_rx_byte);
  out.Milliseconds("traffictap.first_upstream_tx_byte_ms", facts.first_upstream_tx_byte);
  out.Milliseconds("traffictap.last_upstream_tx_byte_ms", facts.last_upstream_tx_byte);
  out.Milliseconds("traffictap.first_upstream_rx_byte_ms", facts.first_upstream_rx_byte);
  out.Milliseconds("traffictap.last_upstream_rx_byte_ms", facts.last_upstream_rx_byte);
  out.Milliseconds("traffictap.first_downstream_tx_byte_ms", facts.first_downstream_tx_byte);
  out.Milliseconds("traffictap.last_downstream_tx_byte_ms", facts.last_downstream_tx_byte);
}

}  // namespace traffictap::sinks
