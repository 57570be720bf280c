// SPDX-License-Identifier: Apache-2.0

// Runs on gRPC's threads, one stream at a time on each, and must never wait: a proxy that is not
// read buffers, and a tap must not slow the mesh. Hence the order, cheapest refusal first: the
// filter of all taps at once, then sampling by the request id (which drops both sides of a request
// or none), and only what is left is copied. Per message, not per entry, go the locks: counters are
// kept in the stream and added at its end, and the batch is pushed whole or dropped whole.
// What always holds, between two messages: received = kept + filtered + sampled + sum(rejected).
// A stream changes its table only where a message begins, so all tap sets of a batch refer to the
// one table that goes with it; `version_` tells without the lock that there is no newer one.
// What is lost here is counted for every tap that targets the proxy, since nobody knows any more
// which of them wanted it; and the directory is told, so that the other halves become LostInBuffer
// rather than NeverArrived.
#include "pipeline/ingress.h"

#include <utility>

namespace traffictap::pipeline {

// One stream's ingress. Counts in plain fields and adds them to the shared counters once per message.
class Ingress::Stream final : public traffic::EntryStream {
 public:
  Stream(Ingress* owner, traffic::NodePtr node) : owner_(owner), node_(std::move(node)) {
    owner_->StreamOpened(node_);
  }

  void Consume(const traffic::AccessEntry& entry) override {
    if (!in_message_) BeginMessage();
    ++delta_.received;
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
    owner_->peers_->EntriesLost(*node_, owner_->clock_->Monotonic());
    owner_->CountLoss(table_, candidates_, count, 0);
  }

  void EndOfMessage() override {
    in_message_ = false;
    if (batch_) Push();
    owner_->Record(std::exchange(delta_, {}));
  }

  void End(bool clean) override {
    EndOfMessage();
    if (!clean) owner_->CountLoss(table_, candidates_, 0, 1);
    owner_->StreamEnded(node_, clean);
  }

 private:
  void BeginMessage() {
    in_message_ = true;
    arrival_ = owner_->clock_->Monotonic();
    const uint64_t version = owner_->version_.load(std::memory_order_acquire);
    if (version == version_ && table_) return;
    version_ = version;
    table_ = owner_->table();
    candidates_ = table_ ? table_->Candidates(*node_) : traffic::TapSet();
    owner_->ProxySent(node_->ip, table_, candidates_);
  }

  void Keep(const traffic::AccessEntry& entry, uint64_t hash, const traffic::TapSet& taps) {
    if (!batch_) batch_ = std::make_unique<traffic::EntryBatch>(node_);
    auto* packed = batch_->Add(entry, hash);
    packed->taps = taps;
    packed->arrival = arrival_;
  }

  void Push() {
    const uint64_t count = batch_->entries().size();
    const size_t bytes = batch_->bytes();
    if (owner_->queue_->TryPush({std::move(batch_), table_}, bytes)) {
      delta_.kept += count;
    } else {
      delta_.rejected[static_cast<size_t>(traffic::RejectReason::kQueueFull)] += count;
      owner_->peers_->EntriesLost(*node_, arrival_);
      owner_->CountLoss(table_, candidates_, count, 0);
    }
    batch_.reset();
  }

  Ingress* const owner_;
  const traffic::NodePtr node_;
  TapTablePtr table_;
  uint64_t version_ = 0;
  traffic::TapSet candidates_;
  bool in_message_ = false;
  base::Nanos arrival_ = 0;
  std::unique_ptr<traffic::EntryBatch> batch_;
  IngressCounters delta_;
};

Ingress::Ingress(AdmittedQueue* queue, pairing::PeerDirectory* peers, const base::Clock* clock)
    : queue_(queue), peers_(peers), clock_(clock) {}

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

void Ingress::StreamOpened(const traffic::NodePtr& node) {
  peers_->StreamOpened(*node, clock_->Monotonic());
  absl::MutexLock lock(&mutex_);
  Proxy& proxy = proxies_[node->ip];
  proxy.node = node;
  ++proxy.streams;
}

void Ingress::StreamEnded(const traffic::NodePtr& node, bool clean) {
  peers_->StreamEnded(*node, clean, clock_->Monotonic());
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(node->ip);
  if (found != proxies_.end() && --found->second.streams == 0) proxies_.erase(found);
}

void Ingress::ProxySent(const std::string& ip, const TapTablePtr& table,
                        const traffic::TapSet& candidates) {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(ip);
  if (found == proxies_.end()) return;
  found->second.table = table;
  found->second.candidates = candidates;
}

void Ingress::CountLoss(const TapTablePtr& table, const traffic::TapSet& candidates,
                        uint64_t entries, uint64_t streams) {
  if (!table) return;
  absl::MutexLock lock(&mutex_);
  candidates.ForEach([&](size_t slot) {
    TapIngressCounters& ingress = losses_[table->id(slot)];
    ingress.lost += entries;
    ingress.broken_streams += streams;
  });
}

std::map<uint64_t, TapIngressCounters> Ingress::tap_counters() const {
  absl::MutexLock lock(&mutex_);
  std::map<uint64_t, TapIngressCounters> out = losses_;
  for (const auto& [ip, proxy] : proxies_) {
    if (!proxy.table) continue;
    proxy.candidates.ForEach([&](size_t slot) { ++out[proxy.table->id(slot)].proxies; });
  }
  return out;
}

traffic::NodePtr Ingress::NodeAt(const std::string& ip) const {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(ip);
  return found == proxies_.end() ? nullptr : found->second.node;
}

void Ingress::SetTable(TapTablePtr table) {
  absl::MutexLock lock(&mutex_);
  table_ = std::move(table);
  std::erase_if(losses_, [this](const auto& entry) { return !table_->Holds(entry.first); });
  version_.fetch_add(1, std::memory_order_release);
}

TapTablePtr Ingress::table() const {
  absl::MutexLock lock(&mutex_);
  return table_;
}

void Ingress::Record(const IngressCounters& delta) {
  absl::MutexLock lock(&mutex_);
  counters_.received += delta.received;
  counters_.kept += delta.kept;
  counters_.filtered += delta.filtered;
  counters_.sampled += delta.sampled;
  for (size_t i = 0; i < delta.rejected.size(); ++i) counters_.rejected[i] += delta.rejected[i];
}

IngressCounters Ingress::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

}  // namespace traffictap::pipeline
