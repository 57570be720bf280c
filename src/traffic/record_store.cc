// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_store.h"

#include "traffic/pair_json.h"

namespace traffictap::traffic {
namespace {

// JSON repeats the texts of an entry and of its node. Besides, the names of fields and the numbers: of a
// record, and of each of its entries, a little more than those of a usual one take.
constexpr size_t kJsonRecordBytes = 900;
constexpr size_t kJsonEntryBytes = 850;

size_t JsonBytes(const PackedEntry& entry) {
  const Node& node = *entry.node;
  return kJsonEntryBytes + entry.bytes - sizeof(PackedEntry) + node.workload.size() +
         node.ns.size() + 2 * node.pod.size() + node.ip.size() + node.service_account.size() +
         node.cluster_id.size() + node.network.size() + node.zone.size();
}

}  // namespace

const PackedEntry* RecordStore::Copy(const PackedEntry& entry, const NodePtr& node,
                                     const Redact& redact) {
  const AccessEntry whole = Unpack(entry);
  auto* copy = storage_.Add(redact ? redact(whole) : whole, entry.request_id_hash);
  copy->taps = entry.taps;
  copy->arrival = entry.arrival;
  copy->node = node.get();
  if (nodes_.empty() || nodes_.back() != node) nodes_.push_back(node);
  return copy;
}

uint32_t RecordStore::Add(const TrafficPair& pair, std::span<const NodePtr> nodes,
                          const Redact& redact) {
  Slot slot{};
  size_t node = 0;
  if (pair.client != nullptr) slot.client = Copy(*pair.client, nodes[node++], redact);
  slot.first_server = static_cast<uint32_t>(servers_.size());
  slot.server_count = static_cast<uint32_t>(pair.servers.size());
  for (const auto* server : pair.servers) {
    servers_.push_back(Copy(*server, nodes[node++], redact));
  }
  slot.verdict = pair.verdict;
  slot.orphan_reason = pair.orphan_reason;
  slot.weight = pair.weight;
  pairs_.push_back(slot);
  bytes_ = storage_.bytes() + pairs_.size() * (sizeof(Slot) + sizeof(uint32_t)) +
           servers_.size() * sizeof(servers_[0]) + nodes_.size() * sizeof(nodes_[0]);
  json_bytes_ += kJsonRecordBytes;
  if (slot.client != nullptr) json_bytes_ += JsonBytes(*slot.client);
  for (size_t i = slot.first_server; i < servers_.size(); ++i)
    json_bytes_ += JsonBytes(*servers_[i]);
  return static_cast<uint32_t>(pairs_.size() - 1);
}

TrafficPair RecordStore::pair(size_t index) const {
  const Slot& slot = pairs_[index];
  TrafficPair out;
  out.client = slot.client;
  out.servers = {servers_.data() + slot.first_server, slot.server_count};
  out.verdict = slot.verdict;
  out.orphan_reason = slot.orphan_reason;
  out.weight = slot.weight;
  return out;
}

void RecordStore::Render() const {
  const RecordOrigin nameless;
  json_.reserve(json_bytes_);
  for (size_t i = 0; i < pairs_.size(); ++i) {
    AppendPairJson(nameless, pair(i), &json_);
    json_ += '\n';
    line_ends_.push_back(static_cast<uint32_t>(json_.size()));
  }
}

std::string_view RecordStore::json_line(size_t index) const {
  std::call_once(rendered_, [this] { Render(); });
  const size_t begin = index == 0 ? 0 : line_ends_[index - 1];
  return std::string_view(json_).substr(begin, line_ends_[index] - begin);
}

}  // namespace traffictap::traffic
