// SPDX-License-Identifier: Apache-2.0
#include "replay/record_entries.h"

#include <charconv>
#include <cmath>

#include "fmt/format.h"
#include "traffic/grpc_status.h"
#include "traffic/header_list.h"
#include "traffic/read_pair.h"
#include "traffic/trace_context.h"

namespace traffictap::replay {
namespace {

using traffic::AccessEntry;
using traffic::EntryFacts;
using traffic::Text;

base::Nanos Nanos(bool known, double ms) {
  // Durations of a record are bounded by Envoy's; a file may hold any number.
  constexpr double kLongestMs = 1e12;
  if (!known || !(std::abs(ms) < kLongestMs)) return traffic::kAbsent;
  return std::llround(ms * 1000) * base::kMicrosecond;
}

// "10.1.2.3:80", "[fd00::1]:80"; absent where it is none.
traffic::SocketAddress Address(const std::string& text) {
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon == std::string::npos || colon == 0) return {};
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data() + colon + 1, end, port).ptr != end) return {};
  std::string_view ip(text.data(), colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  return traffic::ParseSocketAddress(ip, port).value_or(traffic::SocketAddress{});
}

template <typename Enum, size_t kCount>
Enum ByName(const std::string& name) {
  for (size_t i = 0; i < kCount; ++i) {
    if (name == ToString(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return Enum{};
}

// "UF", or "FLAG40" of one that is newer than this build.
void AddFlag(const std::string& name, traffic::ResponseFlags* out) {
  constexpr std::string_view kNumbered = "FLAG";
  if (const auto flag = traffic::ParseResponseFlag(name)) return out->Add(*flag);
  size_t number = 0;
  if (!name.starts_with(kNumbered)) return;
  std::from_chars(name.data() + kNumbered.size(), name.data() + name.size(), number);
  if (number > 0 && number <= traffic::kResponseFlagMax) {
    out->Add(static_cast<traffic::ResponseFlag>(number));
  }
}

void ReadTimes(const v1::Side& side, EntryFacts* facts) {
  const auto& start = side.start_time();
  facts->start_time = start.seconds() * base::kSecond + start.nanos();
  facts->duration = Nanos(side.has_duration_ms(), side.duration_ms());
  facts->last_rx_byte = Nanos(side.has_last_rx_byte_ms(), side.last_rx_byte_ms());
  facts->first_upstream_tx_byte =
      Nanos(side.has_first_upstream_tx_byte_ms(), side.first_upstream_tx_byte_ms());
  facts->last_upstream_tx_byte =
      Nanos(side.has_last_upstream_tx_byte_ms(), side.last_upstream_tx_byte_ms());
  facts->first_upstream_rx_byte =
      Nanos(side.has_first_upstream_rx_byte_ms(), side.first_upstream_rx_byte_ms());
  facts->last_upstream_rx_byte =
      Nanos(side.has_last_upstream_rx_byte_ms(), side.last_upstream_rx_byte_ms());
  facts->first_downstream_tx_byte =
      Nanos(side.has_first_downstream_tx_byte_ms(), side.first_downstream_tx_byte_ms());
  facts->last_downstream_tx_byte =
      Nanos(side.has_last_downstream_tx_byte_ms(), side.last_downstream_tx_byte_ms());
}

void ReadSide(const v1::Side& side, AccessEntry* out) {
  EntryFacts& facts = out->facts;
  ReadTimes(side, &facts);
  facts.response_code = side.code();
  facts.attempt_count = side.attempts();
  facts.tls_version = static_cast<uint8_t>(side.tls_version());
  for (const auto& flag : side.flags()) AddFlag(flag, &facts.response_flags);
  facts.downstream_remote = Address(side.downstream_remote());
  facts.downstream_direct_remote = Address(side.downstream_direct_remote());
  facts.downstream_local = Address(side.downstream_local());
  facts.upstream_local = Address(side.upstream_local());
  facts.upstream_remote = Address(side.upstream_remote());
  facts.downstream_wire_bytes_sent = side.downstream_wire_bytes_sent();
  facts.downstream_wire_bytes_received = side.downstream_wire_bytes_received();
  facts.upstream_wire_bytes_sent = side.upstream_wire_bytes_sent();
  facts.upstream_wire_bytes_received = side.upstream_wire_bytes_received();
  out->text(Text::kResponseCodeDetails) = side.code_details();
  out->text(Text::kUpstreamCluster) = side.upstream_cluster();
  out->text(Text::kRouteName) = side.route_name();
  out->text(Text::kUpstreamTransportFailure) = side.upstream_transport_failure();
  out->text(Text::kDownstreamTransportFailure) = side.downstream_transport_failure();
  out->text(Text::kConnectionTermination) = side.connection_termination();
  out->text(Text::kTlsSni) = side.sni();
  out->text(Text::kPeerPrincipal) = side.peer_principal();
  out->text(Text::kLocalPrincipal) = side.local_principal();
  facts.grpc_status = traffic::ParseGrpcStatus(side.grpc_status());
  out->text(Text::kGrpcMessage) = side.grpc_message();
}

// The three header lists of an entry, packed.
struct HeaderLists {
  std::string request;
  std::string response;
  std::string trailers;
};

std::string PackHeaders(const google::protobuf::Map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) traffic::AppendHeader(&out, name, value);
  return out;
}

void ReadRequest(const v1::TrafficPair& record, const HeaderLists& lists, AccessEntry* out) {
  const auto& request = record.request();
  EntryFacts& facts = out->facts;
  facts.kind = request.protocol() == "TCP" ? traffic::EntryKind::kTcp : traffic::EntryKind::kHttp;
  facts.http_version = ByName<traffic::HttpVersion, 5>(request.protocol());
  facts.method = ByName<traffic::Method, 10>(request.method());
  facts.request_headers_bytes = request.headers_bytes();
  facts.request_body_bytes = request.body_bytes();
  facts.response_headers_bytes = record.response().headers_bytes();
  facts.response_body_bytes = record.response().body_bytes();
  out->text(Text::kRequestId) = request.id();
  out->text(Text::kScheme) = request.scheme();
  out->text(Text::kAuthority) = request.authority();
  out->text(Text::kPath) = request.path();
  out->text(Text::kOriginalPath) = request.original_path();
  out->text(Text::kUserAgent) = request.user_agent();
  out->text(Text::kReferer) = request.referer();
  out->text(Text::kForwardedFor) = request.forwarded_for();
  out->text(Text::kRequestHeaders) = lists.request;
  out->text(Text::kResponseHeaders) = lists.response;
  out->text(Text::kResponseTrailers) = lists.trailers;
}

// A side names only what differs from the record's own trace.
traffic::TraceContext TraceOfSide(const v1::Trace& record, const v1::Side& side) {
  const auto& trace_id = side.trace_id().empty() ? record.trace_id() : side.trace_id();
  const auto& span_id = side.span_id().empty() ? record.span_id() : side.span_id();
  return traffic::ParseB3(trace_id, span_id).value_or(traffic::TraceContext());
}

// What an entry says of the other end, which shows where that has none of its own.
void ReadPeer(const v1::Workload& peer, AccessEntry* out) {
  if (peer.name() != peer.ip()) out->text(Text::kPeerWorkload) = peer.name();
  out->text(Text::kPeerNamespace) = peer.namespace_();
  if (!peer.principal().empty()) out->text(Text::kPeerPrincipal) = peer.principal();
}

// "ns[shop]-policy[deny-all]-rule[0]" of a record's dry run, as the proxy had it.
std::string TriedPolicy(const v1::DryRun& dry_run) {
  const size_t slash = dry_run.policy().find('/');
  if (slash == std::string::npos) return dry_run.policy();
  return fmt::format("ns[{}]-policy[{}]-rule[{}]", dry_run.policy().substr(0, slash),
                     dry_run.policy().substr(slash + 1), dry_run.rule());
}

// A name in a file may have any length; those of a mesh are short (als/decode_identifier.cc cuts them
// alike).
constexpr size_t kNameBytesMax = 1024;

std::string Cut(const std::string& text) { return text.substr(0, kNameBytesMax); }

// Of a node and its place in the map, whose key is its id.
size_t CostOf(const traffic::Node& node) {
  constexpr size_t kPlace = 128;
  return sizeof(node) + kPlace + 2 * node.id.size() + node.ip.size() + node.pod.size() +
         node.ns.size() + node.workload.size() + node.service_account.size() +
         node.cluster_id.size() + node.network.size() + node.zone.size();
}

}  // namespace

traffic::Verdict VerdictOf(const v1::TrafficPair& record) {
  return traffic::ParseVerdict(record.verdict()).value_or(traffic::Verdict{});
}

traffic::OrphanReason OrphanReasonOf(const v1::TrafficPair& record) {
  return ByName<traffic::OrphanReason, traffic::kOrphanReasonCount>(record.orphan_reason());
}

traffic::NodePtr EntryMaker::NodeOf(const v1::Workload& end, const std::string& whole_pod) {
  const std::string pod = Cut(whole_pod);
  const std::string key =
      Cut(end.cluster()) + '\n' + Cut(end.namespace_()) + '\n' + pod + '\n' + Cut(end.name());
  const auto found = nodes_.find(key);
  const bool own = whole_pod == end.pod();
  const std::string ip = own ? Cut(end.ip()) : std::string();
  if (found != nodes_.end() && (found->second->ip == ip || !own)) return found->second;
  traffic::Node node;
  node.id = key;
  node.ip = ip;
  node.pod = pod;
  node.ns = Cut(end.namespace_());
  node.workload = Cut(end.name());
  node.service_account = Cut(end.service_account());
  node.cluster_id = Cut(end.cluster());
  node.network = Cut(end.network());
  node.zone = Cut(end.zone());
  if (!end.version().empty()) node.labels["version"] = Cut(end.version());
  auto out = std::make_shared<const traffic::Node>(std::move(node));
  // One of the same key takes the former's place.
  const size_t cost = found == nodes_.end() ? CostOf(*out) : 0;
  if (node_bytes_ + cost <= kNodeBytesMax) {
    node_bytes_ += cost;
    nodes_[key] = out;
  }
  return out;
}

RecordEntries EntryMaker::Make(const v1::TrafficPair& record) {
  RecordEntries out;
  const HeaderLists lists = {PackHeaders(record.request().headers()),
                             PackHeaders(record.response().headers()),
                             PackHeaders(record.response().trailers())};
  const std::string tried = TriedPolicy(record.dry_run());
  const auto add = [&](const v1::Side& side, bool client) {
    const auto& own = client ? record.source() : record.destination();
    AccessEntry entry;
    entry.facts.reporter = client ? traffic::Reporter::kSource : traffic::Reporter::kDestination;
    if (record.state() == "Open") entry.facts.moment = traffic::LogMoment::kPeriodic;
    ReadRequest(record, lists, &entry);
    ReadSide(side, &entry);
    entry.facts.trace = TraceOfSide(record.trace(), side);
    // A record that was cut down to its main parts still names the Service.
    const std::string cluster = "outbound|||" + record.destination().service();
    const bool cut = client && side.upstream_cluster().empty();
    if (cut && !record.destination().service().empty()) {
      entry.text(Text::kUpstreamCluster) = cluster;
    }
    ReadPeer(client ? record.destination() : record.source(), &entry);
    if (record.dry_run().side() == ToString(entry.facts.reporter)) {
      entry.facts.dry_run = record.dry_run().result() == "Denied" ? traffic::DryRunResult::kDenied
                                                                  : traffic::DryRunResult::kAllowed;
      entry.text(Text::kDryRunPolicy) = tried;
    }
    const auto node = NodeOf(own, side.pod().empty() ? own.pod() : side.pod());
    auto& batch = out.sides.emplace_back(std::make_unique<traffic::EntryBatch>(node));
    auto* packed = batch->Add(entry);
    packed->node = node.get();
    return packed;
  };
  if (record.has_client() && record.client().reduced()) out.reduced = true;
  if (record.has_client() && !record.client().reduced())
    out.pair.client = add(record.client(), true);
  for (const auto& server : record.server()) {
    if (server.reduced()) out.reduced = true;
    if (!server.reduced()) out.servers.push_back(add(server, false));
  }
  out.pair.servers = out.servers;
  out.pair.verdict = VerdictOf(record);
  out.pair.orphan_reason = OrphanReasonOf(record);
  out.pair.weight = traffic::WeightOf(record);
  return out;
}

}  // namespace traffictap::replay
