// SPDX-License-Identifier: Apache-2.0
#include "traffic/pair_json.h"

#include <algorithm>

#include "traffic/denial.h"
#include "traffic/dry_run.h"
#include "traffic/grpc_status.h"
#include "traffic/header_list.h"
#include "traffic/json_writer.h"
#include "traffic/record_id.h"
#include "traffic/rpc.h"

namespace traffictap::traffic {
namespace {

void WriteFlags(const EntryFacts& facts, JsonWriter& json) {
  if (facts.response_flags.empty()) return;
  json.BeginArray("flags");
  for (size_t flag = 1; flag <= kResponseFlagMax; ++flag) {
    const auto value = static_cast<ResponseFlag>(flag);
    if (facts.response_flags.Contains(value)) json.Element(ShortName(value));
  }
  json.EndArray();
}

void WriteHeaders(JsonKey key, std::string_view list, JsonWriter& json) {
  if (list.empty()) return;
  json.BeginObject(key);
  // A header without a value was sent all the same.
  ForEachHeader(list,
                [&](std::string_view name, std::string_view value) { json.Member(name, value); });
  json.EndObject();
}

void WriteMs(JsonKey key, base::Nanos nanos, JsonWriter& json) {
  if (nanos != kAbsent) json.Milliseconds(key, nanos);
}

void WriteAddress(JsonKey key, const SocketAddress& address, JsonWriter& json) {
  char text[SocketAddress::kPrintedMax];
  json.Text(key, address.Print(text));
}

void WriteNode(const Node& node, JsonWriter& json) {
  json.Text("name", node.workload);
  json.Text("namespace", node.ns);
  json.Text("pod", node.pod);
  json.Text("ip", node.ip);
  json.Text("serviceAccount", node.service_account);
  json.Text("cluster", node.cluster_id);
  json.Text("network", node.network);
  json.Text("zone", node.zone);
  json.Text("version", VersionOf(node));
}

// The end that has no entry of its own, as the other one tells of it.
void WritePeer(const PackedEntry& teller, JsonWriter& json) {
  const std::string ip = FarAddress(teller).IpString();
  const auto workload = teller.text(Text::kPeerWorkload);
  json.Text("name", workload.empty() ? std::string_view(ip) : workload);
  json.Text("namespace", teller.text(Text::kPeerNamespace));
  json.Text("ip", ip);
  json.Text("principal", teller.text(Text::kPeerPrincipal));
}

void WriteEnds(const TrafficPair& pair, JsonWriter& json) {
  json.BeginObject("source");
  if (pair.client != nullptr) {
    WriteNode(*pair.client->node, json);
  } else {
    WritePeer(*pair.server(), json);
  }
  json.EndObject();
  json.BeginObject("destination");
  if (pair.server() != nullptr) {
    WriteNode(*pair.server()->node, json);
  } else {
    WritePeer(*pair.client, json);
  }
  const auto& facts = pair.principal().facts;
  const bool client = pair.client != nullptr;
  WriteAddress("address", client ? facts.upstream_remote : facts.downstream_local, json);
  const auto cluster = pair.principal().text(Text::kUpstreamCluster);
  if (client && cluster.starts_with("outbound|")) {
    json.Text("service", cluster.substr(cluster.rfind('|') + 1));
  }
  json.EndObject();
}

void WriteRequest(const PackedEntry& entry, JsonWriter& json) {
  const auto& facts = entry.facts;
  json.BeginObject("request");
  json.Text("id", entry.text(Text::kRequestId));
  json.Text("protocol", facts.kind == EntryKind::kTcp ? "TCP" : ToString(facts.http_version));
  json.Text("method", ToString(facts.method));
  json.Text("scheme", entry.text(Text::kScheme));
  json.Text("authority", entry.text(Text::kAuthority));
  json.Text("path", entry.text(Text::kPath));
  json.Text("originalPath", entry.text(Text::kOriginalPath));
  json.Text("userAgent", entry.text(Text::kUserAgent));
  json.Text("referer", entry.text(Text::kReferer));
  json.Text("forwardedFor", entry.text(Text::kForwardedFor));
  WriteHeaders("headers", entry.text(Text::kRequestHeaders), json);
  json.Number("headersBytes", facts.request_headers_bytes);
  json.Number("bodyBytes", facts.request_body_bytes);
  json.EndObject();
}

void WriteGrpc(const PackedEntry& entry, JsonWriter& json) {
  json.Text("grpcStatus", ToString(entry.facts.grpc_status));
  json.Text("grpcMessage", entry.text(Text::kGrpcMessage));
}

void WriteDenial(const TrafficPair& pair, JsonWriter& json) {
  const auto denial = pair.verdict == Verdict::kDenied ? DenialIn(pair) : std::nullopt;
  if (!denial) return;
  json.BeginObject("denial");
  json.Text("by", ToString(denial->by));
  json.Text("policy", PolicyName(denial->policy));
  json.Text("rule", denial->policy.rule);
  json.Text("side", ToString(denial->side));
  json.EndObject();
}

void WriteDryRun(const TrafficPair& pair, JsonWriter& json) {
  const auto dry_run = DryRunIn(pair);
  if (!dry_run) return;
  json.BeginObject("dryRun");
  json.Text("result", Result(*dry_run));
  json.Text("policy", PolicyName(dry_run->policy));
  json.Text("rule", dry_run->policy.rule);
  json.Text("side", ToString(dry_run->side));
  json.EndObject();
}

void WriteRpc(const PackedEntry& entry, JsonWriter& json) {
  const auto rpc = RpcOf(entry);
  if (!rpc) return;
  json.BeginObject("rpc");
  json.Text("service", rpc->service);
  json.Text("method", rpc->method);
  json.EndObject();
}

void WriteResponse(const PackedEntry& entry, JsonWriter& json) {
  const auto& facts = entry.facts;
  json.BeginObject("response");
  json.Number("code", facts.response_code);
  json.Text("codeDetails", entry.text(Text::kResponseCodeDetails));
  WriteFlags(facts, json);
  WriteHeaders("headers", entry.text(Text::kResponseHeaders), json);
  WriteHeaders("trailers", entry.text(Text::kResponseTrailers), json);
  json.Number("headersBytes", facts.response_headers_bytes);
  json.Number("bodyBytes", facts.response_body_bytes);
  WriteGrpc(entry, json);
  json.EndObject();
}

void WriteTimings(const TrafficPair& pair, JsonWriter& json) {
  json.BeginObject("timings");
  json.Time("startTime", pair.principal().facts.start_time);
  const base::Nanos client = pair.client ? pair.client->facts.duration : kAbsent;
  const base::Nanos server = pair.server() ? pair.server()->facts.duration : kAbsent;
  WriteMs("clientMs", client, json);
  WriteMs("serverMs", server, json);
  if (client != kAbsent && server != kAbsent) {
    // Two durations, each of one clock: skew between the clocks does not matter, their rates do a
    // little.
    json.Milliseconds("betweenMs", client - server);
    json.Milliseconds("clockOffsetMs",
                      pair.server()->facts.start_time - pair.client->facts.start_time);
  }
  json.EndObject();
}

void WriteSideTimes(const EntryFacts& facts, JsonWriter& json) {
  json.Time("startTime", facts.start_time);
  WriteMs("durationMs", facts.duration, json);
  WriteMs("lastRxByteMs", facts.last_rx_byte, json);
  WriteMs("firstUpstreamTxByteMs", facts.first_upstream_tx_byte, json);
  WriteMs("lastUpstreamTxByteMs", facts.last_upstream_tx_byte, json);
  WriteMs("firstUpstreamRxByteMs", facts.first_upstream_rx_byte, json);
  WriteMs("lastUpstreamRxByteMs", facts.last_upstream_rx_byte, json);
  WriteMs("firstDownstreamTxByteMs", facts.first_downstream_tx_byte, json);
  WriteMs("lastDownstreamTxByteMs", facts.last_downstream_tx_byte, json);
}

void WriteSideConnection(const PackedEntry& entry, JsonWriter& json) {
  const auto& facts = entry.facts;
  json.Text("upstreamCluster", entry.text(Text::kUpstreamCluster));
  json.Text("routeName", entry.text(Text::kRouteName));
  WriteAddress("downstreamRemote", facts.downstream_remote, json);
  WriteAddress("downstreamDirectRemote", facts.downstream_direct_remote, json);
  WriteAddress("downstreamLocal", facts.downstream_local, json);
  WriteAddress("upstreamLocal", facts.upstream_local, json);
  WriteAddress("upstreamRemote", facts.upstream_remote, json);
  json.Number("downstreamWireBytesSent", facts.downstream_wire_bytes_sent);
  json.Number("downstreamWireBytesReceived", facts.downstream_wire_bytes_received);
  json.Number("upstreamWireBytesSent", facts.upstream_wire_bytes_sent);
  json.Number("upstreamWireBytesReceived", facts.upstream_wire_bytes_received);
  json.Text("upstreamTransportFailure", entry.text(Text::kUpstreamTransportFailure));
  json.Text("downstreamTransportFailure", entry.text(Text::kDownstreamTransportFailure));
  json.Text("connectionTermination", entry.text(Text::kConnectionTermination));
  json.Number("tlsVersion", facts.tls_version);
  json.Text("sni", entry.text(Text::kTlsSni));
  json.Text("peerPrincipal", entry.text(Text::kPeerPrincipal));
  json.Text("localPrincipal", entry.text(Text::kLocalPrincipal));
  WriteGrpc(entry, json);
}

void WriteTrace(const TraceContext& trace, JsonWriter& json) {
  if (!trace.present()) return;
  json.BeginObject("trace");
  json.Text("traceId", TraceIdText(trace));
  json.Text("spanId", SpanIdText(trace));
  json.EndObject();
}

void WriteSide(const PackedEntry& entry, const TraceContext& whole, JsonWriter& json) {
  json.Text("pod", entry.node->pod);
  WriteSideTimes(entry.facts, json);
  json.Number("code", entry.facts.response_code);
  json.Text("codeDetails", entry.text(Text::kResponseCodeDetails));
  WriteFlags(entry.facts, json);
  json.Number("attempts", entry.facts.attempt_count);
  WriteSideConnection(entry, json);
  const TraceContext& trace = entry.facts.trace;
  if (!trace.OfSameTrace(whole)) json.Text("traceId", TraceIdText(trace));
  if (trace.span != whole.span) json.Text("spanId", SpanIdText(trace));
}

}  // namespace

void AppendPairJson(const RecordOrigin& origin, const TrafficPair& pair, std::string* out) {
  AppendRecordJson(RecordIdText(RecordIdOf(pair.principal())), origin.tap, pair, out);
}

// As a member behind another one; nothing for no name.
std::string TapJson(std::string_view tap) {
  std::string out;
  if (tap.empty()) return out;
  JsonWriter json(&out);
  json.BeginObject({});
  json.Text("tap", tap);
  json.EndObject();
  out.front() = ',';
  out.pop_back();
  return out;
}

void AppendRecordJson(std::string_view id, std::string_view tap, const TrafficPair& pair,
                      std::string* out) {
  JsonWriter json(out);
  json.BeginObject({});
  json.Text("schemaVersion", "v1");
  json.Text("id", id);
  json.Text("tap", tap);
  json.Text("verdict", ToString(pair.verdict));
  json.Text("orphanReason", ToString(pair.orphan_reason));
  if (pair.open()) json.Text("state", "Open");
  json.Text("reporter", ToString(pair.principal().facts.reporter));
  WriteEnds(pair, json);
  WriteRequest(pair.principal(), json);
  WriteResponse(pair.principal(), json);
  WriteTimings(pair, json);
  const TraceContext trace = TraceOf(pair);
  if (pair.client != nullptr) {
    json.BeginObject("client");
    WriteSide(*pair.client, trace, json);
    json.EndObject();
  }
  if (!pair.servers.empty()) {
    json.BeginArray("server");
    for (const auto* server : pair.servers) {
      json.BeginObject({});
      WriteSide(*server, trace, json);
      json.EndObject();
    }
    json.EndArray();
  }
  WriteDenial(pair, json);
  WriteRpc(pair.principal(), json);
  WriteDryRun(pair, json);
  WriteTrace(trace, json);
  if (pair.weight != 1) json.Real("weight", pair.weight);
  json.EndObject();
}

}  // namespace traffictap::traffic
