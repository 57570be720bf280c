#include "pipeline/admission.h"

#include <utility>

namespace traffictap::pipeline {

// One stream's door. Counts in plain fields and adds them to the shared books once per message.
class Admission::Stream final : public traffic::EntryStream {
 public:
  Stream(Admission* owner, traffic::NodePtr node) : owner_(owner), node_(std::move(node)) {
    owner_->StreamOpened(node_);
  }

  void Consume(const traffic::AccessEntry& entry) override {
    if (!in_message_) BeginMessage();
    ++delta_.received;
    const auto admitted = routes_ ? routes_->filter().Admit(entry, candidates_) : traffic::TapSet();
    if (admitted.empty()) {
      ++delta_.filtered;
      return;
    }
    const auto hash = traffic::HashRequestId(entry.text(traffic::Text::kRequestId));
    const auto sampled = routes_->filter().Sample(hash, admitted);
    if (sampled.empty()) {
      ++delta_.sampled;
      return;
    }
    Keep(entry, hash, sampled);
  }

  void Reject(traffic::RejectReason reason, uint64_t count) override {
    delta_.received += count;
    delta_.rejected[static_cast<size_t>(reason)] += count;
    owner_->peers_->EntriesLost(node_->ip, owner_->clock_->Monotonic());
    owner_->CountLoss(routes_, candidates_, count, 0);
  }

  void EndOfMessage() override {
    in_message_ = false;
    if (batch_) Push();
    owner_->Record(std::exchange(delta_, {}));
  }

  void End(bool clean) override {
    EndOfMessage();
    if (!clean) owner_->CountLoss(routes_, candidates_, 0, 1);
    owner_->StreamEnded(node_, clean);
  }

 private:
  void BeginMessage() {
    in_message_ = true;
    arrival_ = owner_->clock_->Monotonic();
    const uint64_t version = owner_->version_.load(std::memory_order_acquire);
    if (version == version_ && routes_) return;
    version_ = version;
    routes_ = owner_->routes();
    candidates_ = routes_ ? routes_->Candidates(*node_) : traffic::TapSet();
    owner_->ProxySent(node_->ip, routes_, candidates_);
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
    if (owner_->queue_->TryPush({std::move(batch_), routes_}, bytes)) {
      delta_.kept += count;
    } else {
      delta_.rejected[static_cast<size_t>(traffic::RejectReason::kQueueFull)] += count;
      owner_->peers_->EntriesLost(node_->ip, arrival_);
      owner_->CountLoss(routes_, candidates_, count, 0);
    }
    batch_.reset();
  }

  Admission* const owner_;
  const traffic::NodePtr node_;
  RouteTablePtr routes_;
  uint64_t version_ = 0;
  traffic::TapSet candidates_;
  bool in_message_ = false;
  base::Nanos arrival_ = 0;
  std::unique_ptr<traffic::EntryBatch> batch_;
  AdmissionBooks delta_;
};

Admission::Admission(AdmittedQueue* queue, pairing::PeerDirectory* peers, const base::Clock* clock)
    : queue_(queue), peers_(peers), clock_(clock) {}

Admission::~Admission() = default;

std::unique_ptr<traffic::EntryStream> Admission::OpenStream(traffic::NodePtr node) {
  return std::make_unique<Stream>(this, std::move(node));
}

void Admission::Reject(traffic::RejectReason reason, uint64_t count) {
  AdmissionBooks delta;
  delta.received = count;
  delta.rejected[static_cast<size_t>(reason)] = count;
  Record(delta);
}

void Admission::StreamOpened(const traffic::NodePtr& node) {
  peers_->StreamOpened(node->ip, clock_->Monotonic());
  absl::MutexLock lock(&mutex_);
  Proxy& proxy = proxies_[node->ip];
  proxy.node = node;
  ++proxy.streams;
}

void Admission::StreamEnded(const traffic::NodePtr& node, bool clean) {
  peers_->StreamEnded(node->ip, clean, clock_->Monotonic());
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(node->ip);
  if (found != proxies_.end() && --found->second.streams == 0) proxies_.erase(found);
}

void Admission::ProxySent(const std::string& ip, const RouteTablePtr& routes,
                          const traffic::TapSet& candidates) {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(ip);
  if (found == proxies_.end()) return;
  found->second.routes = routes;
  found->second.candidates = candidates;
}

void Admission::CountLoss(const RouteTablePtr& routes, const traffic::TapSet& candidates,
                          uint64_t entries, uint64_t streams) {
  if (!routes) return;
  absl::MutexLock lock(&mutex_);
  candidates.ForEach([&](size_t slot) {
    TapDoor& door = losses_[routes->id(slot)];
    door.lost += entries;
    door.broken_streams += streams;
  });
}

std::map<uint64_t, TapDoor> Admission::doors() const {
  absl::MutexLock lock(&mutex_);
  std::map<uint64_t, TapDoor> out = losses_;
  for (const auto& [ip, proxy] : proxies_) {
    if (!proxy.routes) continue;
    proxy.candidates.ForEach([&](size_t slot) { ++out[proxy.routes->id(slot)].proxies; });
  }
  return out;
}

traffic::NodePtr Admission::NodeAt(const std::string& ip) const {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(ip);
  return found == proxies_.end() ? nullptr : found->second.node;
}

void Admission::SetRoutes(RouteTablePtr routes) {
  absl::MutexLock lock(&mutex_);
  routes_ = std::move(routes);
  std::erase_if(losses_, [this](const auto& entry) { return !routes_->Holds(entry.first); });
  version_.fetch_add(1, std::memory_order_release);
}

RouteTablePtr Admission::routes() const {
  absl::MutexLock lock(&mutex_);
  return routes_;
}

void Admission::Record(const AdmissionBooks& delta) {
  absl::MutexLock lock(&mutex_);
  books_.received += delta.received;
  books_.kept += delta.kept;
  books_.filtered += delta.filtered;
  books_.sampled += delta.sampled;
  for (size_t i = 0; i < delta.rejected.size(); ++i) books_.rejected[i] += delta.rejected[i];
}

AdmissionBooks Admission::books() const {
  absl::MutexLock lock(&mutex_);
  return books_;
}

}  // namespace traffictap::pipeline
