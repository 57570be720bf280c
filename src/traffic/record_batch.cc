#include "traffic/record_batch.h"

#include "fmt/format.h"
#include "traffic/pair_json.h"

namespace traffictap::traffic {
namespace {

constexpr size_t kVersionDigit = 14;

}  // namespace

RecordBatch::RecordBatch(std::shared_ptr<const RecordOrigin> origin)
    : origin_(std::move(origin)), storage_(nullptr) {}

const PackedEntry* RecordBatch::Copy(const PackedEntry& entry, const NodePtr& node,
                                     const Redact& redact) {
  const AccessEntry whole = Unpack(entry);
  auto* copy = storage_.Add(redact ? redact(whole) : whole, entry.request_id_hash);
  copy->taps = entry.taps;
  copy->arrival = entry.arrival;
  copy->node = node.get();
  if (nodes_.empty() || nodes_.back() != node) nodes_.push_back(node);
  return copy;
}

void RecordBatch::Add(const TrafficPair& pair, std::span<const NodePtr> nodes,
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
  pairs_.push_back(slot);
  bytes_ = storage_.bytes() + pairs_.size() * sizeof(Slot);
}

TrafficPair RecordBatch::pair(size_t index) const {
  const Slot& slot = pairs_[index];
  TrafficPair out;
  out.client = slot.client;
  out.servers = {servers_.data() + slot.first_server, slot.server_count};
  out.verdict = slot.verdict;
  out.orphan_reason = slot.orphan_reason;
  return out;
}

void RecordBatch::Render() const {
  json_.reserve(pairs_.size() * 2048);
  for (size_t i = 0; i < pairs_.size(); ++i) {
    AppendPairJson(*origin_, pair(i), &json_);
    json_ += '\n';
    line_ends_.push_back(static_cast<uint32_t>(json_.size()));
  }
}

std::string_view RecordBatch::json_line(size_t index) const {
  std::call_once(rendered_, [this] { Render(); });
  const size_t begin = index == 0 ? 0 : line_ends_[index - 1];
  return std::string_view(json_).substr(begin, line_ends_[index] - begin);
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

}  // namespace traffictap::traffic
