// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "als/decode_entry.h"
#include "als/decode_values.h"
#include "als/wire_reader.h"
#include "base/utf8.h"
#include "envoy/service/accesslog/v3/als.pb.h"

namespace traffictap::als {
namespace {

using Identifier = envoy::service::accesslog::v3::StreamAccessLogsMessage::Identifier;
using EnvoyNode = envoy::config::core::v3::Node;
using EnvoyLocality = envoy::config::core::v3::Locality;

// Names of Kubernetes objects end at 253 characters. Longer ones come from elsewhere, and are kept
// for the stream's life and written with every record.
constexpr size_t kTextBytesMax = 1024;
constexpr size_t kLabelsMax = 128;
constexpr size_t kAddressesMax = 16;

// google.protobuf.Struct and Value (google/protobuf/struct.proto).
constexpr uint32_t kStructFields = 1;
constexpr uint32_t kStringValue = 3;
constexpr uint32_t kStructValue = 5;

// What is valid UTF-8, up to the bound.
std::string Cut(std::string_view text) {
  size_t size = 0;
  for (;;) {
    const size_t next = base::Utf8SequenceLength(text.substr(size));
    if (next == 0 || size + next > kTextBytesMax) break;
    size += next;
  }
  return std::string(text.substr(0, size));
}

// The member `kind` of a Value, or another text of a message; empty where it has none.
std::string_view MemberOf(std::string_view value, uint32_t kind) {
  std::string_view out;
  WireReader reader(value);
  while (reader.Next()) {
    if (reader.field() == kind && reader.is_bytes()) {
      out = reader.Bytes();
    } else {
      reader.Skip();
    }
  }
  return reader.ok() ? out : std::string_view();
}

// Calls `visit(key, value)` with each field of a Struct, until the bytes break or it returns false.
template <typename Visit>
void ForEachField(std::string_view bytes, Visit visit) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != kStructFields || !reader.is_bytes()) {
      reader.Skip();
      continue;
    }
    std::string_view key;
    std::string_view value;
    const auto entry = reader.Bytes();
    if (!reader.ok() || !DecodeMapEntry(entry, &key, &value) || !visit(key, value)) return;
  }
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

void ReadLabels(std::string_view labels, traffic::Node* node) {
  ForEachField(labels, [&](std::string_view key, std::string_view value) {
    node->labels[Cut(key)] = Cut(MemberOf(value, kStringValue));
    return node->labels.size() < kLabelsMax;
  });
}

// Where a field of a Node that Istio's metadata names by `key` goes.
std::string* TextOf(std::string_view key, traffic::Node* node) {
  if (key == "NAME") return &node->pod;
  if (key == "NAMESPACE") return &node->ns;
  if (key == "WORKLOAD_NAME") return &node->workload;
  if (key == "SERVICE_ACCOUNT") return &node->service_account;
  if (key == "CLUSTER_ID") return &node->cluster_id;
  if (key == "NETWORK") return &node->network;
  return nullptr;
}

// What is read of the metadata and not kept.
struct Passing {
  std::string addresses;  // INSTANCE_IPS
  std::string machine;    // NODE_NAME: the Kubernetes node
};

void ReadMetadata(std::string_view metadata, traffic::Node* node, Passing* passing) {
  ForEachField(metadata, [&](std::string_view key, std::string_view value) {
    const auto text = MemberOf(value, kStringValue);
    if (std::string* known = TextOf(key, node); known != nullptr && !text.empty()) {
      *known = Cut(text);
    }
    if (key == "INSTANCE_IPS") passing->addresses = Cut(text);
    if (key == "NODE_NAME") passing->machine = Cut(text);
    if (key == "LABELS") ReadLabels(MemberOf(value, kStructValue), node);
    return true;
  });
}

// INSTANCE_IPS has all of the pod's addresses, the one of the id among them ("10.0.0.1,fd00::1").
void ReadAddresses(const std::string& instance_ips, traffic::Node* node) {
  const std::string all = node->ip + ',' + instance_ips;
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

// The proxy's own word goes first: by it Istio balances between zones, and its pod's istio-locality may
// differ from the node's label on purpose.
void ReadZone(std::string_view locality, const std::string& machine, const ZoneTable* zones,
              traffic::Node* node) {
  node->zone = Cut(MemberOf(locality, EnvoyLocality::kZoneFieldNumber));
  const auto label = node->labels.find("topology.kubernetes.io/zone");
  if (node->zone.empty() && label != node->labels.end()) node->zone = label->second;
  if (node->zone.empty() && zones != nullptr) node->zone = zones->ZoneOf(machine);
}

struct NodeParts {
  std::string_view id;
  std::string_view cluster;
  std::string_view metadata;
  std::string_view locality;
};

// Passes over the list of extensions that Envoy sends with it, nearly all of its 62 kB.
void ReadNode(std::string_view bytes, NodeParts* out) {
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case EnvoyNode::kIdFieldNumber: out->id = reader.Bytes(); break;
      case EnvoyNode::kClusterFieldNumber: out->cluster = reader.Bytes(); break;
      case EnvoyNode::kMetadataFieldNumber: out->metadata = reader.Bytes(); break;
      case EnvoyNode::kLocalityFieldNumber: out->locality = reader.Bytes(); break;
      default: reader.Skip();
    }
  }
}

}  // namespace

traffic::Node DecodeIdentifier(std::string_view bytes, const ZoneTable* zones) {
  NodeParts parts;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == Identifier::kNodeFieldNumber && reader.is_bytes()) {
      ReadNode(reader.Bytes(), &parts);
    } else {
      reader.Skip();
    }
  }
  traffic::Node node;
  Passing passing;
  node.id = Cut(parts.id);
  node.cluster = Cut(parts.cluster);
  node.pod = node.id;
  ReadIstioId(&node);
  ReadMetadata(parts.metadata, &node, &passing);
  ReadAddresses(passing.addresses, &node);
  ReadZone(parts.locality, passing.machine, zones, &node);
  if (node.ns.empty()) node.ns = "default";
  if (node.workload.empty()) node.workload = node.cluster;
  return node;
}

}  // namespace traffictap::als
