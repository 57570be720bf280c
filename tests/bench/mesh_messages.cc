// SPDX-License-Identifier: Apache-2.0
#include "bench/mesh_messages.h"

#include <fmt/format.h>

#include <array>

#include "envoy/service/accesslog/v3/als.pb.h"

namespace traffictap::bench {
namespace {

using envoy::config::core::v3::Address;
using envoy::config::core::v3::Node;
using envoy::data::accesslog::v3::AccessLogCommon;
using envoy::data::accesslog::v3::HTTPAccessLogEntry;
using envoy::data::accesslog::v3::TLSProperties;
using envoy::service::accesslog::v3::StreamAccessLogsMessage;
using google::protobuf::Struct;

constexpr int kExtensions = 500;  // with them an identifier has about 62 kB
constexpr int64_t kStartSeconds = 1'790'000'000;

// What requests of the mesh look like; a message goes through them in turn.
struct RequestKind {
  envoy::config::core::v3::RequestMethod method;
  const char* path;
  uint32_t code;
  const char* user_agent;
  bool peer_metadata;  // Istio's metadata exchange left the peer in the filter state
  bool headers;        // some headers are captured
};
constexpr std::array<RequestKind, 4> kKinds = {{
    {envoy::config::core::v3::GET, "/healthz/ready", 200, "kube-probe/1.31", false, false},
    {envoy::config::core::v3::GET, "/api/v1/carts/4711/items?page=2&size=50&sort=price", 200,
     "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", true, false},
    {envoy::config::core::v3::POST, "/shop.v1.CheckoutService/PlaceOrder", 200,
     "grpc-java-netty/1.66.0", true, true},
    {envoy::config::core::v3::GET, "/api/v1/stock/availability/0815", 503, "okhttp/4.12.0", false,
     true},
}};

std::string Namespace(const ProxyPair& pair) {
  return fmt::format("shop-{}", pair.number % pair.namespaces);
}
std::string Workload(const ProxyPair& pair, Side side) {
  return fmt::format("{}-{}", side == Side::kClient ? "frontend" : "checkout", pair.number);
}
std::string Ip(const ProxyPair& pair, Side side) {
  return fmt::format("10.{}.{}.{}", side == Side::kClient ? 4 : 8, pair.number / 250,
                     pair.number % 250 + 1);
}
std::string Principal(const ProxyPair& pair, Side side) {
  return fmt::format("spiffe://cluster.local/ns/{}/sa/{}", Namespace(pair), Workload(pair, side));
}
std::string PlaceholderId(size_t entry) {
  return fmt::format("11111111-2222-4333-9444-{:012x}", entry);
}
std::string RequestId(uint32_t pair, uint64_t request) {
  const uint64_t mixed = (request + 1) * 0x9e3779b97f4a7c15ULL ^ (uint64_t{pair} << 32);
  return fmt::format("{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}", mixed >> 32, mixed & 0xffff,
                     mixed >> 16 & 0xfff, pair & 0xfff, request);
}

void SetText(Struct* to, const std::string& name, const std::string& value) {
  (*to->mutable_fields())[name].set_string_value(value);
}

// A node with nothing but its list of extensions, which is the same for all proxies.
Node NodeWithExtensions() {
  Node node;
  for (int i = 0; i < kExtensions; ++i) {
    auto* extension = node.add_extensions();
    extension->set_name(fmt::format("envoy.filters.http.extension_{}", i));
    extension->set_category("envoy.filters.http");
    extension->add_type_urls(
        fmt::format("envoy.extensions.filters.http.extension_{}.v3.Extension", i));
  }
  return node;
}

void FillNode(const ProxyPair& pair, Side side, Node* node) {
  const auto pod = Workload(pair, side) + "-6d4cf56db6-x7k2p";
  static const Node extensions = NodeWithExtensions();
  *node = extensions;
  node->set_id(fmt::format("sidecar~{}~{}.{}~{}.svc.cluster.local", Ip(pair, side), pod,
                           Namespace(pair), Namespace(pair)));
  node->set_cluster(fmt::format("{}.{}", Workload(pair, side), Namespace(pair)));
  auto* metadata = node->mutable_metadata();
  SetText(metadata, "NAME", pod);
  SetText(metadata, "NAMESPACE", Namespace(pair));
  SetText(metadata, "WORKLOAD_NAME", Workload(pair, side));
  SetText(metadata, "SERVICE_ACCOUNT", Workload(pair, side));
  SetText(metadata, "CLUSTER_ID", "Kubernetes");
  auto* labels = (*metadata->mutable_fields())["LABELS"].mutable_struct_value();
  SetText(labels, "app", Workload(pair, side));
  SetText(labels, "version", "v1");
}

void SetAddress(Address* address, const std::string& ip, uint32_t port) {
  address->mutable_socket_address()->set_address(ip);
  address->mutable_socket_address()->set_port_value(port);
}

void FillAddresses(const ProxyPair& pair, Side side, AccessLogCommon* common) {
  const auto client = Ip(pair, Side::kClient);
  const auto server = Ip(pair, Side::kServer);
  const uint32_t port = 20'000 + pair.number % 40'000;
  if (side == Side::kClient) {
    SetAddress(common->mutable_downstream_remote_address(), client, 51'234);
    SetAddress(common->mutable_downstream_direct_remote_address(), client, 51'234);
    SetAddress(common->mutable_downstream_local_address(), "10.96.17.4", 8080);
    SetAddress(common->mutable_upstream_local_address(), client, port);
    SetAddress(common->mutable_upstream_remote_address(), server, 8080);
  } else {
    SetAddress(common->mutable_downstream_remote_address(), client, port);
    SetAddress(common->mutable_downstream_direct_remote_address(), client, port);
    SetAddress(common->mutable_downstream_local_address(), server, 8080);
    SetAddress(common->mutable_upstream_local_address(), "127.0.0.6", 42'137);
    SetAddress(common->mutable_upstream_remote_address(), server, 8080);
  }
}

void FillTimes(size_t entry, Side side, AccessLogCommon* common) {
  common->mutable_start_time()->set_seconds(kStartSeconds);
  common->mutable_start_time()->set_nanos(static_cast<int>(1'000'000 + entry * 1000));
  const int base = side == Side::kClient ? 2'000'000 : 1'000'000;
  common->mutable_time_to_last_rx_byte()->set_nanos(base / 10);
  common->mutable_time_to_first_upstream_tx_byte()->set_nanos(base / 4);
  common->mutable_time_to_last_upstream_tx_byte()->set_nanos(base / 4 + 11'000);
  common->mutable_time_to_first_upstream_rx_byte()->set_nanos(base * 3);
  common->mutable_time_to_last_upstream_rx_byte()->set_nanos(base * 3 + 12'000);
  common->mutable_time_to_first_downstream_tx_byte()->set_nanos(base * 3 + 40'000);
  common->mutable_time_to_last_downstream_tx_byte()->set_nanos(base * 3 + 60'000);
  common->mutable_duration()->set_nanos(base * 3 + 61'000);
}

void FillTls(const ProxyPair& pair, TLSProperties* tls) {
  tls->set_tls_version(TLSProperties::TLSv1_3);
  tls->mutable_tls_cipher_suite()->set_value(0x1302);
  tls->set_tls_sni_hostname(
      fmt::format("outbound_.8080_._.checkout.{}.svc.cluster.local", Namespace(pair)));
  tls->mutable_local_certificate_properties()->add_subject_alt_name()->set_uri(
      Principal(pair, Side::kServer));
  tls->mutable_peer_certificate_properties()->add_subject_alt_name()->set_uri(
      Principal(pair, Side::kClient));
}

void FillPeer(const ProxyPair& pair, Side peer, AccessLogCommon* common) {
  Struct object;
  SetText(&object, "name", Workload(pair, peer) + "-6d4cf56db6-x7k2p");
  SetText(&object, "namespace", Namespace(pair));
  SetText(&object, "workload", Workload(pair, peer));
  SetText(&object, "type", "deployment");
  const char* key = peer == Side::kServer ? "upstream_peer" : "downstream_peer";
  (*common->mutable_filter_state_objects())[key].PackFrom(object);
}

void FillCommon(const ProxyPair& pair, Side side, size_t entry, const RequestKind& kind,
                AccessLogCommon* common) {
  const bool client = side == Side::kClient;
  FillAddresses(pair, side, common);
  FillTimes(entry, side, common);
  if (!client) FillTls(pair, common->mutable_tls_properties());
  if (kind.peer_metadata) FillPeer(pair, client ? Side::kServer : Side::kClient, common);
  common->set_upstream_cluster(
      client ? fmt::format("outbound|8080||checkout.{}.svc.cluster.local", Namespace(pair))
             : "inbound|8080||");
  common->set_route_name("default");
  common->set_upstream_request_attempt_count(1);
  common->set_stream_id(PlaceholderId(entry));
  common->set_downstream_wire_bytes_sent(1873);
  common->set_downstream_wire_bytes_received(1024);
  common->set_upstream_wire_bytes_sent(1211);
  common->set_upstream_wire_bytes_received(1744);
  common->set_access_log_type(envoy::data::accesslog::v3::DownstreamEnd);
}

void FillEntry(const ProxyPair& pair, Side side, size_t number, HTTPAccessLogEntry* entry) {
  const RequestKind& kind = kKinds[number % kKinds.size()];
  FillCommon(pair, side, number, kind, entry->mutable_common_properties());
  entry->set_protocol_version(HTTPAccessLogEntry::HTTP11);
  auto* request = entry->mutable_request();
  request->set_request_method(kind.method);
  request->set_scheme("http");
  request->set_authority(fmt::format("checkout.{}:8080", Namespace(pair)));
  request->set_path(kind.path);
  request->set_user_agent(kind.user_agent);
  request->set_request_id(PlaceholderId(number));
  request->set_request_headers_bytes(712);
  request->set_request_body_bytes(kind.method == envoy::config::core::v3::POST ? 311 : 0);
  auto* response = entry->mutable_response();
  response->mutable_response_code()->set_value(kind.code);
  response->set_response_headers_bytes(164);
  response->set_response_body_bytes(1423);
  response->set_response_code_details("via_upstream");
  if (!kind.headers) return;
  (*request->mutable_request_headers())["x-tenant"] = "acme-europe";
  (*request->mutable_request_headers())["content-type"] = "application/json";
  (*response->mutable_response_headers())["content-type"] = "application/json; charset=utf-8";
}

}  // namespace

std::string IdentifierMessage(const ProxyPair& pair, Side side) {
  StreamAccessLogsMessage message;
  message.mutable_identifier()->set_log_name("traffictap");
  FillNode(pair, side, message.mutable_identifier()->mutable_node());
  return message.SerializeAsString();
}

EntryMessage::EntryMessage(const ProxyPair& pair, Side side, size_t entries) : pair_(pair.number) {
  StreamAccessLogsMessage message;
  for (size_t i = 0; i < entries; ++i)
    FillEntry(pair, side, i, message.mutable_http_logs()->add_log_entry());
  bytes_ = message.SerializeAsString();
  for (size_t i = 0; i < entries; ++i) {
    auto& offsets = id_offsets_.emplace_back();
    const auto id = PlaceholderId(i);
    for (size_t at = bytes_.find(id); at != std::string::npos; at = bytes_.find(id, at + 1))
      offsets.push_back(at);
  }
}

const std::string& EntryMessage::WithRequests(uint64_t first) {
  for (size_t i = 0; i < id_offsets_.size(); ++i) {
    const auto id = RequestId(pair_, first + i);
    for (const size_t at : id_offsets_[i]) bytes_.replace(at, id.size(), id);
  }
  return bytes_;
}

}  // namespace traffictap::bench
