// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "als/decode_entry.h"
#include "envoy/service/accesslog/v3/als.pb.h"

namespace traffictap::als {
namespace {

using google::protobuf::Struct;

// Names of Kubernetes objects end at 253 characters. Longer ones come from elsewhere, and are kept
// for the stream's life and written with every record.
constexpr size_t kTextBytesMax = 1024;
constexpr size_t kLabelsMax = 128;
constexpr size_t kAddressesMax = 16;

std::string Cut(const std::string& text) { return text.substr(0, kTextBytesMax); }

std::string TextField(const Struct& metadata, const std::string& key) {
  const auto found = metadata.fields().find(key);
  return found == metadata.fields().end() ? "" : Cut(found->second.string_value());
}

// sidecar~IP~POD.NAMESPACE~DOMAIN, as Istio's agent forms it.
void ReadIstioId(traffic::Node* node) {
  const auto type_end = node->id.find('~');
  if (type_end == std::string::npos) return;
  const auto ip_end = node->id.find('~', type_end + 1);
  if (ip_end == std::string::npos) return;
  const auto name_end = node->id.find('~', ip_end + 1);
  node->proxy_type = node->id.substr(0, type_end);
  node->ip = node->id.substr(type_end + 1, ip_end - type_end - 1);
  const auto name = node->id.substr(ip_end + 1, name_end - ip_end - 1);
  const auto dot = name.rfind('.');
  node->pod = name.substr(0, dot);
  if (dot != std::string::npos) node->ns = name.substr(dot + 1);
}

void ReadMetadata(const Struct& metadata, traffic::Node* node) {
  if (auto name = TextField(metadata, "NAME"); !name.empty()) node->pod = name;
  if (auto ns = TextField(metadata, "NAMESPACE"); !ns.empty()) node->ns = ns;
  node->workload = TextField(metadata, "WORKLOAD_NAME");
  node->service_account = TextField(metadata, "SERVICE_ACCOUNT");
  node->cluster_id = TextField(metadata, "CLUSTER_ID");
  node->network = TextField(metadata, "NETWORK");
  const auto labels = metadata.fields().find("LABELS");
  if (labels == metadata.fields().end()) return;
  for (const auto& [key, value] : labels->second.struct_value().fields()) {
    if (node->labels.size() == kLabelsMax) break;
    node->labels[Cut(key)] = Cut(value.string_value());
  }
}

// INSTANCE_IPS has all of the pod's addresses, the one of the id among them ("10.0.0.1,fd00::1").
void ReadAddresses(const Struct& metadata, traffic::Node* node) {
  const std::string all = node->ip + ',' + TextField(metadata, "INSTANCE_IPS");
  for (size_t begin = 0; begin <= all.size();) {
    const size_t end = std::min(all.find(',', begin), all.size());
    const auto address = traffic::ParseSocketAddress(all.substr(begin, end - begin), 0);
    begin = end + 1;
    if (!address || std::count(node->addresses.begin(), node->addresses.end(), *address) > 0) {
      continue;
    }
    if (node->addresses.size() < kAddressesMax) node->addresses.push_back(*address);
  }
}

}  // namespace

traffic::Node DecodeIdentifier(std::string_view bytes) {
  // Once per stream: the generated classes do. What they cannot read leaves the fields before it.
  envoy::service::accesslog::v3::StreamAccessLogsMessage::Identifier identifier;
  (void)identifier.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  traffic::Node node;
  node.id = Cut(identifier.node().id());
  node.cluster = Cut(identifier.node().cluster());
  node.pod = node.id;
  ReadIstioId(&node);
  ReadMetadata(identifier.node().metadata(), &node);
  ReadAddresses(identifier.node().metadata(), &node);
  if (node.ns.empty()) node.ns = "default";
  if (node.workload.empty()) node.workload = node.cluster;
  return node;
}

}  // namespace traffictap::als
