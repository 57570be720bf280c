// SPDX-License-Identifier: Apache-2.0
#include "pipeline/proxy_directory.h"

#include <algorithm>
#include <utility>

namespace traffictap::pipeline {

using pairing::PeerState;

ProxyDirectory::Key ProxyDirectory::FirstKey(const traffic::Node& node) {
  if (node.addresses.empty()) return {{}, node.network, "id " + node.id};
  return {node.addresses.front().ip, node.network, {}};
}

void ProxyDirectory::ForEachKey(const traffic::Node& node, auto visit) {
  visit(FirstKey(node));
  for (size_t i = 1; i < node.addresses.size(); ++i) {
    visit(Key{node.addresses[i].ip, node.network, {}});
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
      if (!fresh) --gone_;
    }
    ++proxy.streams;
    proxy.last_seen = now;
    proxy.node = node;
  });
  Bound();
  auto& clock = proxies_[FirstKey(*node)].clock;
  if (!clock) clock = std::make_shared<ProxyClock>();
  return clock;
}

void ProxyDirectory::StreamEnded(const traffic::Node& node, bool clean, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
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
    ++gone_;
  });
  Bound();
}

void ProxyDirectory::EntriesLost(const traffic::Node& node, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  ForEachKey(node, [&](const Key& key) {
    mutex_.AssertHeld();
    const auto found = proxies_.find(key);
    if (found != proxies_.end()) found->second.last_loss = now;
  });
}

void ProxyDirectory::Sent(const traffic::Node& node, const TapTablePtr& table,
                          const traffic::TapSet& candidates) {
  absl::MutexLock lock(&mutex_);
  const auto found = proxies_.find(FirstKey(node));
  if (found == proxies_.end() || found->second.streams == 0) return;
  found->second.table = table;
  found->second.candidates = candidates;
}

const ProxyDirectory::Proxy* ProxyDirectory::Find(const pairing::PeerPlace& peer) const {
  const Proxy* found = nullptr;
  const auto& ip = peer.address.ip;
  for (auto at = proxies_.lower_bound(Key{ip, {}, {}}); at != proxies_.end(); ++at) {
    const auto& [key, proxy] = *at;
    if (key.ip != ip) break;
    if (!key.id.empty() || !traffic::MayShareNetwork(key.network, peer.network)) continue;
    if (key.network == peer.network) return &proxy;
    if (found == nullptr) found = &proxy;
  }
  return found;
}

PeerState ProxyDirectory::Lookup(const pairing::PeerPlace& peer, base::Nanos since,
                                 base::Nanos now) const {
  absl::MutexLock lock(&mutex_);
  const Proxy* found = Find(peer);
  if (found == nullptr) return PeerState::kUnknown;
  const Proxy& proxy = *found;
  if (proxy.last_loss >= since) return PeerState::kLost;
  // One that has just ended its stream was tapped when the half was written.
  if (proxy.streams == 0 && proxy.last_seen < since) return PeerState::kUnknown;
  return now - proxy.first_opened < warm_up_ ? PeerState::kWarmingUp : PeerState::kTapped;
}

traffic::NodePtr ProxyDirectory::NodeAt(const pairing::PeerPlace& peer) const {
  absl::MutexLock lock(&mutex_);
  const Proxy* found = Find(peer);
  return found == nullptr ? nullptr : found->node;
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

void ProxyDirectory::Bound() {
  for (; proxies_.size() > proxies_max_ && gone_ > 0; --gone_) {
    proxies_.erase(
        std::min_element(proxies_.begin(), proxies_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.second.streams > 0, a.second.last_seen) <
                 std::pair(b.second.streams > 0, b.second.last_seen);
        }));
  }
}

}  // namespace traffictap::pipeline
