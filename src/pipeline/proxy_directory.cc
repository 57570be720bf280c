// SPDX-License-Identifier: Apache-2.0
#include "pipeline/proxy_directory.h"

#include <algorithm>
#include <utility>

namespace traffictap::pipeline {
namespace {

// No clock shows it; keeps what others say from overflowing.
constexpr base::Nanos kFar = INT64_MAX / 4;
// A receiver that was not heard by then is one of before our time.
constexpr int kSweepsMax = 2;
// Between two sweeps, by the log: more of it passes while it is read from far behind.
constexpr base::Nanos kSweepPassedMax = 90 * base::kSecond;

base::Nanos Near(base::Nanos time) { return std::clamp(time, -kFar, kFar); }

}  // namespace

using pairing::PeerState;
using pairing::RemoteProxy;

ProxyDirectory::Key ProxyDirectory::FirstKey(const traffic::Node& node,
                                             const std::string& receiver) {
  if (node.addresses.empty()) return {{}, node.network, "id " + node.id, receiver};
  return {node.addresses.front().ip, node.network, {}, receiver};
}

void ProxyDirectory::ForEachKey(const traffic::Node& node, auto visit,
                                const std::string& receiver) {
  visit(FirstKey(node, receiver));
  for (size_t i = 1; i < node.addresses.size(); ++i) {
    visit(Key{node.addresses[i].ip, node.network, {}, receiver});
  }
}

std::shared_ptr<ProxyClock> ProxyDirectory::StreamOpened(const traffic::NodePtr& node,
                                                         base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  ForEachKey(*node, [&](const Key& key) {
    mutex_.AssertHeld();
    const auto [found, fresh] = proxies_.try_emplace(key);
    Proxy& proxy = found->second;
    if (proxy.streams == 0) {
      proxy.first_opened = now;
      if (!fresh) DropGone(key, proxy);
    }
    ++proxy.streams;
    proxy.last_seen = now;
    proxy.node = node;
  });
  NoteChange(node);
  Bound(proxies_max_);
  auto& clock = proxies_[FirstKey(*node)].clock;
  if (!clock) clock = std::make_shared<ProxyClock>();
  return clock;
}

void ProxyDirectory::StreamEnded(const traffic::Node& node, bool clean, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  const auto first = proxies_.find(FirstKey(node));
  const traffic::NodePtr known = first == proxies_.end() ? nullptr : first->second.node;
  ForEachKey(node, [&](const Key& key) {
    mutex_.AssertHeld();
    const auto found = proxies_.find(key);
    if (found == proxies_.end() || found->second.streams == 0) return;
    Proxy& proxy = found->second;
    if (!clean) proxy.last_loss = now;
    proxy.last_seen = now;
    if (--proxy.streams > 0) return;
    proxy.node = nullptr;
    proxy.clock = nullptr;
    proxy.table = nullptr;
    AddGone(key, &proxy);
  });
  NoteChange(known);
  Bound(proxies_max_);
}

void ProxyDirectory::EntriesLost(const traffic::Node& node, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  ForEachKey(node, [&](const Key& key) {
    mutex_.AssertHeld();
    const auto found = proxies_.find(key);
    if (found != proxies_.end()) found->second.last_loss = now;
  });
  const auto first = proxies_.find(FirstKey(node));
  if (first != proxies_.end()) NoteChange(first->second.node);
}

void ProxyDirectory::Sent(const traffic::Node& node, const TapTablePtr& table,
                          const traffic::TapSet& candidates) {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(FirstKey(node));
  if (found == proxies_.end() || found->second.streams == 0) return;
  found->second.table = table;
  found->second.candidates = candidates;
}

void ProxyDirectory::NoteChange(const traffic::NodePtr& node) {
  if (!tracks_ || node == nullptr) return;
  const Key key = FirstKey(*node);
  const auto found = proxies_.find(key);
  if (found == proxies_.end()) return;
  const Proxy& proxy = found->second;
  changes_[key] = {node, proxy.streams, proxy.first_opened, proxy.last_loss, proxy.last_seen};
}

void ProxyDirectory::TrackChanges() {
  absl::MutexLock lock(&mutex_);
  tracks_ = true;
}

std::vector<RemoteProxy> ProxyDirectory::TakeChanges() {
  std::map<Key, RemoteProxy> taken;
  {
    absl::MutexLock lock(&mutex_);
    taken.swap(changes_);
  }
  std::vector<RemoteProxy> out;
  for (auto& entry : taken) out.push_back(std::move(entry.second));
  return out;
}

bool ProxyDirectory::Set(const std::string& receiver, const RemoteProxy& proxy,
                         const traffic::Node* former) {
  absl::MutexLock lock(&mutex_);
  if (!receivers_.contains(receiver) && receivers_.size() >= kReceiversMax) return false;
  receivers_.try_emplace(receiver);
  const auto erase = [this](const Key& key) {
    mutex_.AssertHeld();
    Erase(key);
  };
  if (former != nullptr) ForEachKey(*former, erase, receiver);
  const size_t needed = std::max<size_t>(1, proxy.node->addresses.size());
  if (needed > proxies_max_ || !Bound(proxies_max_ - needed)) return false;
  ForEachKey(
      *proxy.node,
      [&](const Key& key) {
        mutex_.AssertHeld();
        Erase(key);
        Proxy& to = proxies_[key];
        to.streams = proxy.streams;
        to.first_opened = Near(proxy.first_opened);
        to.last_loss = proxy.last_loss == RemoteProxy::kNever ? INT64_MIN : Near(proxy.last_loss);
        to.last_seen = Near(proxy.last_seen);
        if (proxy.streams > 0) {
          to.node = proxy.node;
        } else {
          AddGone(key, &to);
        }
      },
      receiver);
  return true;
}

void ProxyDirectory::Gone(const std::string& receiver, const traffic::Node& node) {
  absl::MutexLock lock(&mutex_);
  const auto known = receivers_.find(receiver);
  ForEachKey(
      node,
      [&](const Key& key) {
        mutex_.AssertHeld();
        const auto found = proxies_.find(key);
        if (found == proxies_.end()) return;
        Proxy& proxy = found->second;
        if (proxy.streams == 0) return Erase(key);
        // It came again since, under another key of the topic, which is in no order with this one.
        if (proxy.node.get() != &node) return;
        const bool heard = known != receivers_.end() && known->second.heard;
        const base::Nanos at = heard ? known->second.last - known->second.offset : 0;
        proxy.last_seen = proxy.last_loss = std::max(at, proxy.last_seen);
        proxy.streams = 0;
        proxy.node = nullptr;
        AddGone(key, &proxy);
      },
      receiver);
}

void ProxyDirectory::Heard(const std::string& receiver, base::Nanos theirs, base::Nanos ours,
                           bool bye) {
  absl::MutexLock lock(&mutex_);
  auto at = receivers_.find(receiver);
  if (at == receivers_.end()) {
    if (receivers_.size() >= kReceiversMax) return;
    at = receivers_.try_emplace(receiver).first;
  }
  Receiver& known = at->second;
  known.offset = ours - Near(theirs);
  known.last = known.heard ? std::max(known.last, ours) : ours;
  known.heard = true;
  known.ended = known.ended || bye;
}

std::vector<std::string> ProxyDirectory::ForgetSilent() {
  std::vector<std::string> out;
  absl::MutexLock lock(&mutex_);
  std::optional<base::Nanos> newest;
  for (const auto& [name, receiver] : receivers_) {
    if (receiver.heard) newest = std::max(newest.value_or(receiver.last), receiver.last);
  }
  // Who hears nobody does not know who is silent.
  if (!newest) return out;
  // Nor does who is behind: those that are not heard may have begun since.
  const base::Nanos passed = *newest - std::exchange(swept_, *newest);
  const bool in_step = passed > 0 && passed <= kSweepPassedMax;
  for (auto& [name, receiver] : receivers_) {
    const bool silent = receiver.heard ? *newest - receiver.last > kReceiverKept
                                       : (receiver.sweeps += in_step ? 1 : 0) > kSweepsMax;
    if (silent) out.push_back(name);
  }
  if (out.empty()) return out;
  for (const auto& name : out) receivers_.erase(name);
  for (auto at = proxies_.begin(); at != proxies_.end();) {
    const auto& [key, proxy] = *at++;
    if (!key.receiver.empty() && !receivers_.contains(key.receiver)) Erase(Key(key));
  }
  return out;
}

void ProxyDirectory::SetComplete(bool complete) {
  absl::MutexLock lock(&mutex_);
  complete_ = complete;
}

bool ProxyDirectory::complete() const {
  absl::MutexLock lock(&mutex_);
  return complete_;
}

void ProxyDirectory::ForEachAt(const pairing::PeerPlace& peer, auto visit) const {
  const auto& ip = peer.address.ip;
  const auto first = proxies_.lower_bound(Key{ip, {}, {}, {}});
  const std::string* network = nullptr;
  for (auto at = first; at != proxies_.end() && at->first.ip == ip; ++at) {
    const Key& key = at->first;
    if (!key.id.empty() || !traffic::MayShareNetwork(key.network, peer.network)) continue;
    if (network == nullptr || key.network == peer.network) network = &key.network;
  }
  if (network == nullptr) return;
  for (auto at = first; at != proxies_.end() && at->first.ip == ip; ++at) {
    if (at->first.id.empty() && at->first.network == *network) visit(at->first, at->second);
  }
}

// A receiver that is gone holds no streams, whatever it said of them. No partition's time passes one that it
// knows of before that is dead: where it has, it is, or is nobody that the partition has heard of. The time of a
// partition that is behind is before its end.
std::optional<ProxyDirectory::View> ProxyDirectory::ViewOf(const Key& key, const Proxy& proxy,
                                                           base::Nanos now) const {
  View out{proxy.streams > 0, proxy.first_opened, proxy.last_loss, proxy.last_seen};
  if (key.receiver.empty()) return out;
  const auto found = receivers_.find(key.receiver);
  if (found == receivers_.end() || !found->second.heard) return std::nullopt;
  const Receiver& receiver = found->second;
  out.first_opened += receiver.offset;
  out.last_seen += receiver.offset;
  if (out.last_loss != INT64_MIN) out.last_loss += receiver.offset;
  const bool ended = receiver.ended && now > receiver.last - kReceiverSilence;
  if (!out.open || (!ended && now - receiver.last <= kReceiverSilence / 2)) return out;
  out.open = false;
  out.last_seen = receiver.ended ? receiver.last : receiver.last + kReceiverSilence;
  out.last_loss = std::max(out.last_loss, out.last_seen);
  return out;
}

PeerState ProxyDirectory::Lookup(const pairing::PeerPlace& peer, base::Nanos since,
                                 base::Nanos now) const {
  absl::MutexLock lock(&mutex_);
  bool lost = false;
  std::optional<base::Nanos> open, ended;  // since when there was a stream
  const auto earlier = [](std::optional<base::Nanos> a, base::Nanos b) {
    return std::min(a.value_or(b), b);
  };
  ForEachAt(peer, [&](const Key& key, const Proxy& proxy) {
    mutex_.AssertHeld();
    const auto one = ViewOf(key, proxy, now);
    if (!one) return;
    lost = lost || one->last_loss >= since;
    // One that has just ended its stream was tapped when the half was written.
    if (one->open) {
      open = earlier(open, one->first_opened);
    } else if (one->last_seen >= since) {
      ended = earlier(ended, one->first_opened);
    }
  });
  if (lost) return PeerState::kLost;
  if (!open && !ended) return PeerState::kUnknown;
  return now - open.value_or(ended.value_or(0)) < warm_up_ ? PeerState::kWarmingUp
                                                           : PeerState::kTapped;
}

traffic::NodePtr ProxyDirectory::NodeAt(const pairing::PeerPlace& peer, base::Nanos at) const {
  absl::MutexLock lock(&mutex_);
  traffic::NodePtr out;
  base::Nanos newest = INT64_MIN;
  ForEachAt(peer, [&](const Key& key, const Proxy& proxy) {
    mutex_.AssertHeld();
    if (!proxy.node) return;
    base::Nanos opened = proxy.first_opened;
    if (!key.receiver.empty()) {
      const auto found = receivers_.find(key.receiver);
      if (found == receivers_.end() || !found->second.heard) return;
      const Receiver& receiver = found->second;
      if (at > receiver.last + (receiver.ended ? 0 : kReceiverSilence / 2)) return;
      opened += receiver.offset;
    }
    if (out && opened <= newest) return;
    out = proxy.node;
    newest = opened;
  });
  return out;
}

std::map<uint64_t, uint64_t> ProxyDirectory::SendersByTap() const {
  absl::MutexLock lock(&mutex_);
  std::map<uint64_t, uint64_t> out;
  for (const auto& entry : proxies_) {
    const Proxy& proxy = entry.second;
    if (!proxy.table) continue;
    proxy.candidates.ForEach([&](size_t slot) { ++out[proxy.table->id(slot)]; });
  }
  return out;
}

void ProxyDirectory::AddGone(const Key& key, Proxy* proxy) {
  const auto receiver = receivers_.find(key.receiver);
  const base::Nanos offset = receiver == receivers_.end() ? 0 : receiver->second.offset;
  proxy->gone_at = proxy->last_seen + offset;
  gone_.emplace(proxy->gone_at, key);
}

void ProxyDirectory::DropGone(const Key& key, const Proxy& proxy) {
  gone_.erase({proxy.gone_at, key});
}

void ProxyDirectory::Erase(const Key& key) {
  const auto found = proxies_.find(key);
  if (found == proxies_.end()) return;
  if (found->second.streams == 0) DropGone(key, found->second);
  proxies_.erase(found);
}

bool ProxyDirectory::Bound(size_t addresses) {
  while (proxies_.size() > addresses && !gone_.empty()) {
    proxies_.erase(gone_.begin()->second);
    gone_.erase(gone_.begin());
  }
  return proxies_.size() <= addresses;
}

}  // namespace traffictap::pipeline
