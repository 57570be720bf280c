// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "traffic/header_list.h"
#include "traffic/packed_entry.h"
#include "traffic/traffic_pair.h"

namespace traffictap::traffic {

inline std::string HeaderList(
    std::initializer_list<std::pair<std::string_view, std::string_view>> headers) {
  std::string list;
  for (const auto& [name, value] : headers) AppendHeader(&list, name, value);
  return list;
}

inline NodePtr SampleNode(const std::string& workload = "cart", const std::string& ns = "shop") {
  Node node;
  node.id = "sidecar~10.0.0.1~" + workload + "-1." + ns + "~" + ns + ".svc.cluster.local";
  node.cluster = workload + "." + ns;
  node.proxy_type = "sidecar";
  node.ip = "10.0.0.1";
  node.pod = workload + "-1";
  node.ns = ns;
  node.workload = workload;
  node.service_account = workload + "-sa";
  node.cluster_id = "Kubernetes";
  node.network = "east";
  node.zone = "eu-1a";
  node.labels = {{"app", workload}, {"version", "v1"}};
  return std::make_shared<const Node>(std::move(node));
}

// An entry that owns its texts; set what a test is about.
struct SampleEntry {
  AccessEntry entry;
  NodePtr node = SampleNode();
  std::vector<std::shared_ptr<const std::string>> owned;

  explicit SampleEntry(Reporter reporter = Reporter::kSource) { entry.facts.reporter = reporter; }

  EntryFacts& facts() { return entry.facts; }

  SampleEntry& Set(Text which, std::string text) {
    owned.push_back(std::make_shared<const std::string>(std::move(text)));
    entry.text(which) = *owned.back();
    return *this;
  }
};

// Every number and text of it set, each to another value.
inline SampleEntry FullEntry(Reporter reporter) {
  SampleEntry sample(reporter);
  EntryFacts& facts = sample.facts();
  facts.http_version = HttpVersion::kHttp2;
  facts.method = Method::kPost;
  facts.grpc_status = GrpcStatus::kUnavailable;
  facts.dry_run = DryRunResult::kDenied;
  facts.tls_version = 4;
  facts.access_log_type = 6;
  facts.response_code = 503;
  facts.attempt_count = 2;
  // The server's proxy traces too: it has a span of its own.
  facts.trace = {0x0af7651916cd43dd, 0x8448eb211c80319c,
                 reporter == Reporter::kSource ? 0xb7ad6b7169203331 : 0x00f067aa0ba902b7, 1};
  facts.response_flags.Add(ResponseFlag::kUpstreamConnectionFailure);
  facts.response_flags.Add(static_cast<ResponseFlag>(40));
  facts.start_time = 1'700'000'000'123'456'789;
  base::Nanos time = 1'001 * base::kMicrosecond;
  for (base::Nanos* field :
       {&facts.last_rx_byte, &facts.first_upstream_tx_byte, &facts.last_upstream_tx_byte,
        &facts.first_upstream_rx_byte, &facts.last_upstream_rx_byte,
        &facts.first_downstream_tx_byte, &facts.last_downstream_tx_byte, &facts.duration}) {
    *field = time += base::kMillisecond;
  }
  uint64_t bytes = 100;
  for (uint64_t* field : {&facts.request_headers_bytes, &facts.request_body_bytes,
                          &facts.response_headers_bytes, &facts.response_body_bytes,
                          &facts.downstream_wire_bytes_sent, &facts.downstream_wire_bytes_received,
                          &facts.upstream_wire_bytes_sent, &facts.upstream_wire_bytes_received}) {
    *field = ++bytes;
  }
  uint16_t port = 1000;
  for (SocketAddress* field :
       {&facts.downstream_remote, &facts.downstream_direct_remote, &facts.downstream_local,
        &facts.upstream_local, &facts.upstream_remote}) {
    *field = *ParseSocketAddress("10.0.0.9", ++port);
  }
  for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
    sample.Set(static_cast<Text>(text), "text-" + std::to_string(text));
  }
  sample.Set(Text::kRequestId, "11111111-2222-4333-8444-555555555555");
  sample.Set(Text::kPath, "/shop.Cart/Get");
  sample.Set(Text::kUpstreamCluster, "outbound|80||cart.shop.svc.cluster.local");
  sample.Set(Text::kRequestHeaders, HeaderList({{"x-tenant", "a"}}));
  sample.Set(Text::kResponseHeaders, HeaderList({{"server", "b"}}));
  sample.Set(Text::kResponseTrailers, HeaderList({{"grpc-status", "0"}}));
  return sample;
}

// Packed, with its bytes.
class PackedSample {
 public:
  explicit PackedSample(const SampleEntry& sample)
      : bytes_(PackedSize(sample.entry) / sizeof(uint64_t) + 1), node_(sample.node) {
    packed_ = Pack(sample.entry, bytes_.data());
    packed_->node = node_.get();
  }

  PackedEntry* get() { return packed_; }
  const NodePtr& node() const { return node_; }

 private:
  std::vector<uint64_t> bytes_;
  NodePtr node_;
  PackedEntry* packed_;
};

// A pair with what it views. Null stands for a side that is missing.
class SamplePair {
 public:
  SamplePair(const SampleEntry* client, const std::vector<const SampleEntry*>& servers) {
    if (client != nullptr) client_ = std::make_unique<PackedSample>(*client);
    for (const auto* server : servers) {
      servers_.push_back(std::make_unique<PackedSample>(*server));
      views_.push_back(servers_.back()->get());
    }
    pair.client = client_ ? client_->get() : nullptr;
    pair.servers = views_;
  }

  std::vector<NodePtr> nodes() const {
    std::vector<NodePtr> out;
    if (client_) out.push_back(client_->node());
    for (const auto& server : servers_) out.push_back(server->node());
    return out;
  }

 private:
  std::unique_ptr<PackedSample> client_;
  std::vector<std::unique_ptr<PackedSample>> servers_;
  std::vector<const PackedEntry*> views_;

 public:
  TrafficPair pair;
};

}  // namespace traffictap::traffic
