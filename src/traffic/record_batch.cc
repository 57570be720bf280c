// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_batch.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "fmt/format.h"
#include "traffic/pair_json.h"

namespace traffictap::traffic {
namespace {

constexpr size_t kVersionDigit = 14;

}  // namespace

RecordBatch::RecordBatch(std::shared_ptr<const RecordOrigin> origin)
    : origin_(std::move(origin)), tap_json_(TapJson(origin_->tap)) {}

void RecordBatch::Add(const TrafficPair& pair, std::span<const NodePtr> nodes,
                      const Redact& redact) {
  if (!own_) {
    own_ = std::make_shared<RecordStore>();
    stores_.push_back(own_);
  }
  places_.push_back({own_.get(), own_->Add(pair, nodes, redact)});
}

void RecordBatch::AddShared(const std::shared_ptr<const RecordStore>& store, uint32_t index) {
  // Nearly always the last one.
  if (std::find(stores_.rbegin(), stores_.rend(), store) == stores_.rend()) {
    stores_.push_back(store);
  }
  places_.push_back({store.get(), index});
}

TrafficPair RecordBatch::pair(size_t index) const {
  const Place& place = places_[index];
  return place.store->pair(place.index);
}

JsonLine RecordBatch::json(size_t index) const {
  const Place& place = places_[index];
  const std::string_view line = place.store->json_line(place.index);
  return {line.substr(0, kJsonBeforeTap), tap_json_, line.substr(kJsonBeforeTap)};
}

std::string RecordBatch::json_line(size_t index) const {
  const JsonLine line = json(index);
  std::string out;
  out.reserve(line.size());
  line.AppendTo(&out);
  return out;
}

std::string RecordBatch::key(size_t index) const {
  const PackedEntry& entry = pair(index).principal();
  std::string id(entry.text(Text::kRequestId));
  if (id.size() > kVersionDigit) id[kVersionDigit] = '0';
  if (!id.empty()) return id;
  const auto& facts = entry.facts;
  const bool source = facts.reporter == Reporter::kSource;
  return fmt::format("{}-{}",
                     (source ? facts.upstream_local : facts.downstream_direct_remote).ToString(),
                     (source ? facts.upstream_remote : facts.downstream_local).ToString());
}

size_t RecordBatch::bytes() const {
  size_t out = places_.size() * sizeof(Place);
  for (const auto& store : stores_) out += store->bytes();
  return out;
}

size_t RecordBatch::footprint() const {
  size_t out = places_.size() * sizeof(Place);
  for (const auto& store : stores_) out += store->footprint();
  return out;
}

size_t RecordBatch::held() const {
  size_t out = 0;
  for (const auto& store : stores_) out += store->size();
  return out;
}

RecordSelection CopySelected(const RecordSelection& records) {
  const RecordBatch& from = *records.batch;
  std::unordered_map<const Node*, const NodePtr*> owners;
  for (const auto& store : from.stores_) {
    for (const NodePtr& node : store->nodes()) owners.emplace(node.get(), &node);
  }
  auto copy = std::make_shared<RecordBatch>(from.origin_);
  std::vector<NodePtr> nodes;
  for (size_t i = 0; i < records.size(); ++i) {
    const TrafficPair pair = from.pair(records.index(i));
    nodes.clear();
    if (pair.client != nullptr) nodes.push_back(*owners.at(pair.client->node));
    for (const auto* server : pair.servers) nodes.push_back(*owners.at(server->node));
    copy->Add(pair, nodes);
  }
  return {std::move(copy), {}};
}

RecordSelection Detached(RecordSelection records) {
  if (records.size() * 4 < records.batch->held()) return CopySelected(records);
  return records;
}

}  // namespace traffictap::traffic
