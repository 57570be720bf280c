// SPDX-License-Identifier: Apache-2.0
#include "replay/rejoiner.h"

#include <algorithm>
#include <deque>
#include <string>
#include <tuple>

#include "traffic/pair_json.h"
#include "traffic/read_pair.h"

namespace traffictap::replay {
namespace {

constexpr size_t kWaitingBytesMax = size_t{512} << 20;

bool HasSides(const traffic::TrafficPair& pair) {
  return pair.client != nullptr || !pair.servers.empty();
}

// All attempts of a record are there. One without a side to look at cannot be joined either, and
// one of an open stream is only what was known then: that of its end has the id too.
bool IsWhole(const RecordEntries& entries) {
  const auto& pair = entries.pair;
  if (entries.reduced || !HasSides(pair)) return true;
  if (pair.open()) return true;
  if (pair.client == nullptr || pair.servers.empty()) return false;
  const bool tcp = pair.client->facts.kind == traffic::EntryKind::kTcp;
  return tcp || pair.client->facts.attempt_count <= pair.servers.size();
}

int SidesOf(const Record& record) {
  return record.pair.server_size() + (record.pair.has_client() ? 1 : 0);
}

// Tells an entry from all others that wait: its copy in the pairer has the same node.
using EntryKey = std::tuple<const traffic::Node*, uint64_t, base::Nanos, base::Nanos, uint32_t,
                            uint16_t, uint16_t>;

EntryKey KeyOf(const traffic::PackedEntry& entry) {
  const auto& facts = entry.facts;
  return {entry.node,
          entry.request_id_hash,
          facts.start_time,
          facts.duration,
          facts.response_code,
          facts.upstream_local.port,
          facts.downstream_direct_remote.port};
}

struct EntryKeyHash {
  size_t operator()(const EntryKey& key) const {
    const auto& [node, id, start, duration, code, local, remote] = key;
    size_t hash = std::hash<const void*>()(node) ^ (id * 0x9e3779b97f4a7c15ULL);
    hash ^= static_cast<size_t>(start + duration + code) * 0xc2b2ae3d27d4eb4fULL;
    return hash ^ (size_t{local} << 16) ^ remote;
  }
};

}  // namespace

// What sides the last whole records had, by id and tap.
class Rejoiner::WholeRecords {
 public:
  // Whether one of them says as much as `record` with so many sides.
  bool Knows(const Record& record, int sides) const {
    const auto found = sides_.find(KeyOf(record));
    return !record.pair.id().empty() && found != sides_.end() && found->second >= sides;
  }
  void Add(const Record& record, int sides) {
    if (record.pair.id().empty()) return;
    const uint64_t key = KeyOf(record);
    const auto [at, fresh] = sides_.insert_or_assign(key, sides);
    if (!fresh) return;
    order_.push_back(key);
    if (order_.size() <= kWholeMax) return;
    sides_.erase(order_.front());
    order_.pop_front();
  }

 private:
  static uint64_t KeyOf(const Record& record) {
    return std::hash<std::string>()(record.pair.id() + '\n' + record.pair.tap());
  }

  std::unordered_map<uint64_t, int> sides_;
  std::deque<uint64_t> order_;
};

// Turns what the pairer says back into records.
class Rejoiner::Output final : public pairing::PairConsumer {
 public:
  Output(const Rejoiner::Consume* next, const WholeRecords* whole, RejoinCounters* counters)
      : next_(next), whole_(whole), counters_(counters) {}

  using Origin = std::shared_ptr<const Record>;

  // False where the entry is known already, and so will not come out once more.
  bool Expect(const traffic::PackedEntry& entry, const Origin& origin) {
    return origins_.emplace(KeyOf(entry), origin).second;
  }
  void Forget(const traffic::PackedEntry& entry) { origins_.erase(KeyOf(entry)); }

  void Consume(const traffic::TrafficPair& joined, std::span<const traffic::NodePtr>) override {
    traffic::TrafficPair pair = joined;
    const Origin principal = Take(pair.principal());
    if (principal != nullptr) pair.weight = traffic::WeightOf(principal->pair);
    bool same = principal != nullptr && SidesOf(*principal) == Sides(pair);
    for (const auto* server : pair.servers) {
      const Origin origin = server == &pair.principal() ? principal : Take(*server);
      same = same && origin == principal;
    }
    if (principal == nullptr) return (*next_)(Joined({}, pair), pair);
    if (whole_->Knows(*principal, Sides(pair))) return void(++counters_->outdone);
    if (same) return Unchanged(*principal, pair);
    counters_->rejoined += Sides(pair) > SidesOf(*principal) ? 1 : 0;
    (*next_)(Joined(*principal, pair), pair);
  }

 private:
  static int Sides(const traffic::TrafficPair& pair) {
    return static_cast<int>(pair.servers.size()) + (pair.client != nullptr ? 1 : 0);
  }

  // The pairer of today knows less of the peers than the one that wrote the reason.
  void Unchanged(const Record& record, traffic::TrafficPair pair) {
    pair.verdict = VerdictOf(record.pair);
    pair.orphan_reason = OrphanReasonOf(record.pair);
    (*next_)(record, pair);
  }

  static Record Joined(const Record& principal, const traffic::TrafficPair& pair) {
    Record out;
    traffic::AppendRecordJson(principal.pair.id(), principal.pair.tap(), pair, &out.line);
    auto read = traffic::ReadPair(out.line);
    if (read.ok()) out.pair = *std::move(read);
    out.start = pair.principal().facts.start_time;
    return out;
  }

  Origin Take(const traffic::PackedEntry& entry) {
    const auto found = origins_.find(KeyOf(entry));
    if (found == origins_.end()) return nullptr;
    Origin out = std::move(found->second);
    origins_.erase(found);
    return out;
  }

  const Rejoiner::Consume* const next_;
  const WholeRecords* const whole_;
  RejoinCounters* const counters_;
  std::unordered_map<EntryKey, Origin, EntryKeyHash> origins_;
};

Rejoiner::Rejoiner(base::Nanos window, Consume next)
    : next_(std::move(next)),
      whole_(std::make_unique<WholeRecords>()),
      output_(std::make_unique<Output>(&next_, whole_.get(), &counters_)) {
  pairing::PairerOptions options;
  options.waiting_bytes_max = kWaitingBytesMax;
  options.window = [window](const traffic::TapSet&) { return window; };
  pairer_ = std::make_unique<pairing::Pairer>(std::move(options), nullptr, output_.get());
}
Rejoiner::~Rejoiner() = default;

void Rejoiner::Add(Record record) {
  const RecordEntries entries = entries_.Make(record.pair);
  now_ = std::max(now_, record.start);
  pairer_->Advance(now_);
  const int sides = SidesOf(record);
  // Of a stream that is open there are many records, and none is like another. A record may have
  // no side at all: that of a stranger, or one that hides them.
  const bool open = HasSides(entries.pair) && entries.pair.open();
  if (!open && whole_->Knows(record, sides)) return void(++counters_.copies);
  if (IsWhole(entries)) {
    ++counters_.whole;
    if (!open) whole_->Add(record, sides);
    return next_(std::move(record), entries.pair);
  }
  ++counters_.incomplete;
  const auto origin = std::make_shared<const Record>(std::move(record));
  for (const auto& side : entries.sides) {
    const auto& entry = *side->entries().front();
    const bool first = output_->Expect(entry, origin);
    const uint64_t duplicates = pairer_->counters().duplicates;
    pairer_->Add(*side, now_);
    if (first && pairer_->counters().duplicates > duplicates) output_->Forget(entry);
  }
}

void Rejoiner::Finish() { pairer_->Flush(now_); }

RejoinCounters Rejoiner::counters() const {
  RejoinCounters out = counters_;
  out.join = pairer_->counters();
  return out;
}

}  // namespace traffictap::replay
