// SPDX-License-Identifier: Apache-2.0

// Runs on the threads of als, one stream at a time on each, and must never wait: a proxy that is not
// read buffers, and a tap must not slow the mesh. Hence the order, cheapest refusal first: the
// filter of all taps at once, then sampling by the request id (which drops both sides of a request
// or none), and only what is left is copied. Per message, not per entry, go the locks: counters are
// kept in the stream and added at its end, and what goes to one queue is pushed whole or dropped whole.
// What always holds, between two messages: received = kept + filtered + sampled + stale + sum(rejected).
// A stream changes its table only where a message begins, so all tap sets of its batches refer to the
// one table that goes with it; `version_` tells without the lock that there is no newer one.
// What is lost here is counted for every tap that targets the proxy, since nobody knows any more
// which of them wanted it; and the directory is told, so that the other halves become LostInBuffer
// rather than NeverArrived.
// What a paused proxy has kept is older than the tap that resumes it, up to its buffers and the window. A
// stream's entries come in the order of their ends, so the first one that is not too old ends the
// search; after kBacklog nothing old is to be expected. What ended about when the tap came may be in
// one proxy's full buffer and not in the other's: the directory is told of that too.
#include "pipeline/ingress.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/counters.h"
#include "traffic/partition_key.h"

namespace traffictap::pipeline {
namespace {

// From a stream's resumption to the end of what its proxy had kept, on a bad day.
constexpr base::Nanos kBacklog = 5 * base::kSecond;

base::Nanos EndOf(const traffic::AccessEntry& entry) {
  return entry.facts.start_time + std::max<base::Nanos>(0, entry.facts.duration);
}

// Envoy gives a stream's duration when it has ended; until then an entry does not tell when it was
// written.
bool IsOfUnknownTime(const traffic::EntryFacts& facts) {
  return facts.moment == traffic::LogMoment::kPeriodic && facts.duration == traffic::kAbsent;
}

}  // namespace

// One stream's ingress. Counts in plain fields and adds them to the shared counters once per message.
class Ingress::Stream final : public traffic::EntryStream {
 public:
  Stream(Ingress* owner, traffic::NodePtr node)
      : owner_(owner),
        node_(std::move(node)),
        proxy_clock_(owner->proxies_->StreamOpened(node_, owner->clock_->Monotonic())),
        batches_(owner->queues_.size()) {}

  void Consume(const traffic::AccessEntry& entry) override {
    if (!in_message_) BeginMessage();
    ++delta_.received;
    if (IsStale(entry)) {
      ++delta_.stale;
      return;
    }
    const auto admitted = table_ ? table_->filter().Admit(entry, candidates_) : traffic::TapSet();
    if (admitted.empty()) {
      ++delta_.filtered;
      return;
    }
    const auto hash = traffic::HashRequestId(entry.text(traffic::Text::kRequestId));
    const auto sampled = table_->filter().Sample(hash, admitted);
    if (sampled.empty()) {
      ++delta_.sampled;
      return;
    }
    Keep(entry, hash, sampled);
  }

  void Reject(traffic::RejectReason reason, uint64_t count) override {
    delta_.received += count;
    delta_.rejected[static_cast<size_t>(reason)] += count;
    owner_->proxies_->EntriesLost(*node_, owner_->clock_->Monotonic());
    owner_->CountLoss(table_, candidates_, count, 0);
  }

  void EndOfMessage() override {
    in_message_ = false;
    for (size_t partition = 0; partition < batches_.size(); ++partition) {
      if (batches_[partition]) Push(partition);
    }
    if (newest_end_) proxy_clock_->Observe(*newest_end_, owner_->clock_->Wall());
    newest_end_.reset();
    owner_->Record(std::exchange(delta_, {}));
  }

  bool Pause(const std::shared_ptr<traffic::StreamReader>& reader) override {
    Refresh();
    if (!candidates_.empty()) return false;
    pause_ = std::make_shared<PausedProxy>();
    pause_->node = node_;
    pause_->reader = reader;
    table_.reset();  // a resumption comes with another one
    const auto current = [this] {
      return owner_->version_.load(std::memory_order_acquire) == version_;
    };
    if (owner_->paused_.Add(pause_, current)) return true;
    pause_.reset();
    return Pause(reader);
  }

  void End(bool clean) override {
    EndOfMessage();
    if (pause_) owner_->paused_.Remove(std::exchange(pause_, nullptr));
    if (!clean) owner_->CountLoss(table_, candidates_, 0, 1);
    owner_->proxies_->StreamEnded(*node_, clean, owner_->clock_->Monotonic());
  }

 private:
  void BeginMessage() {
    in_message_ = true;
    arrival_ = owner_->clock_->Monotonic();
    if (pause_) {
      wanted_since_ = pause_->resumed.load();
      pause_.reset();
    }
    Refresh();
    if (sent_under_ == version_) return;
    sent_under_ = version_;
    owner_->proxies_->Sent(*node_, table_, targeting_);
  }

  void Refresh() {
    const uint64_t version = owner_->version_.load(std::memory_order_acquire);
    if (version == version_) return;
    version_ = version;
    table_ = owner_->table();
    targeting_ = table_ ? table_->Targeting(*node_) : traffic::TapSet();
    candidates_ = table_ ? targeting_ | table_->Attached(*node_) : traffic::TapSet();
  }

  bool IsStale(const traffic::AccessEntry& entry) {
    if (IsOfUnknownTime(entry.facts)) {
      return wanted_since_ != 0 && owner_->clock_->Wall() - wanted_since_ < kBacklog;
    }
    const base::Nanos end = EndOf(entry);
    if (!newest_end_ || end > *newest_end_) newest_end_ = end;
    if (wanted_since_ == 0) return false;
    const auto ours = proxy_clock_->ToOurs(end);
    const bool stale =
        ours && *ours < wanted_since_ && owner_->clock_->Wall() - wanted_since_ < kBacklog;
    if (!stale) wanted_since_ = 0;
    return stale;
  }

  size_t PartitionOf(const traffic::AccessEntry& entry, uint64_t hash) const {
    if (batches_.size() == 1) return 0;
    const uint64_t key =
        traffic::PartitionKey(entry.facts, hash, entry.text(traffic::Text::kPath), node_->id);
    return traffic::PartitionOf(key, static_cast<uint32_t>(batches_.size()));
  }

  void Keep(const traffic::AccessEntry& entry, uint64_t hash, const traffic::TapSet& taps) {
    auto& batch = batches_[PartitionOf(entry, hash)];
    if (!batch) batch = std::make_unique<traffic::EntryBatch>(node_);
    auto* packed = batch->Add(entry, hash);
    packed->taps = taps;
    packed->arrival = arrival_;
    if (!IsOfUnknownTime(packed->facts)) return;
    // So far, and at least: by what the proxy's clock was seen to be.
    const auto began = proxy_clock_->ToOurs(packed->facts.start_time);
    if (began) packed->facts.duration = std::max<base::Nanos>(0, owner_->clock_->Wall() - *began);
  }

  void Push(size_t partition) {
    auto& batch = batches_[partition];
    const uint64_t count = batch->entries().size();
    const size_t bytes = batch->bytes();
    if (owner_->queues_[partition]->TryPush({std::move(batch), table_}, bytes)) {
      delta_.kept += count;
    } else {
      delta_.rejected[static_cast<size_t>(traffic::RejectReason::kQueueFull)] += count;
      owner_->proxies_->EntriesLost(*node_, arrival_);
      owner_->CountLoss(table_, candidates_, count, 0);
    }
    batch.reset();
  }

  Ingress* const owner_;
  const traffic::NodePtr node_;
  const std::shared_ptr<ProxyClock> proxy_clock_;
  PausedProxyPtr pause_;                   // set from a pause to the first entry after it
  base::Nanos wanted_since_ = 0;           // while old entries may come: what ended before is stale
  std::optional<base::Nanos> newest_end_;  // of this message, by the proxy's clock
  TapTablePtr table_;
  uint64_t version_ = 0;
  uint64_t sent_under_ = 0;  // the last version that the proxy sent something under
  traffic::TapSet candidates_;
  traffic::TapSet targeting_;  // of these: those that it is no mere peer of
  bool in_message_ = false;
  base::Nanos arrival_ = 0;
  // Of the message in hand, by partition.
  std::vector<std::unique_ptr<traffic::EntryBatch>> batches_;
  IngressCounters delta_;
};

Ingress::Ingress(std::vector<AdmittedQueue*> queues, ProxyDirectory* proxies,
                 const base::Clock* clock)
    : queues_(std::move(queues)), proxies_(proxies), clock_(clock) {}

Ingress::~Ingress() = default;

std::unique_ptr<traffic::EntryStream> Ingress::OpenStream(traffic::NodePtr node) {
  return std::make_unique<Stream>(this, std::move(node));
}

void Ingress::Reject(traffic::RejectReason reason, uint64_t count) {
  IngressCounters delta;
  delta.received = count;
  delta.rejected[static_cast<size_t>(reason)] = count;
  Record(delta);
}

void Ingress::CountLoss(const TapTablePtr& table, const traffic::TapSet& candidates,
                        uint64_t entries, uint64_t streams) {
  if (!table) return;
  absl::MutexLock lock(&mutex_);
  candidates.ForEach([&](size_t slot) {
    TapIngressCounters& ingress = losses_[table->id(slot)];
    ingress.lost_entries += entries;
    ingress.broken_streams += streams;
  });
}

std::map<uint64_t, TapIngressCounters> Ingress::tap_counters() const {
  std::map<uint64_t, TapIngressCounters> out;
  {
    absl::MutexLock lock(&mutex_);
    out = losses_;
  }
  for (const auto& [tap, proxies] : proxies_->SendersByTap()) out[tap].proxies = proxies;
  return out;
}

void Ingress::SetTable(TapTablePtr table) {
  {
    absl::MutexLock lock(&mutex_);
    table_ = table;
    std::erase_if(losses_, [&](const auto& entry) { return !table->Holds(entry.first); });
    version_.fetch_add(1, std::memory_order_release);
  }
  // A stream that pauses after the version changed has seen the new table.
  const auto wanted = [&](const traffic::Node& node) { return !table->Candidates(node).empty(); };
  for (const auto& proxy : paused_.Take(wanted, clock_->Wall())) {
    proxies_->EntriesLost(*proxy->node, clock_->Monotonic());
    proxy->reader->Resume();
  }
}

TapTablePtr Ingress::table() const {
  absl::MutexLock lock(&mutex_);
  return table_;
}

void Ingress::Record(const IngressCounters& delta) {
  absl::MutexLock lock(&mutex_);
  base::AddCounters(delta, &counters_);
}

IngressCounters Ingress::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

}  // namespace traffictap::pipeline
