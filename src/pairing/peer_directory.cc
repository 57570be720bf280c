// SPDX-License-Identifier: Apache-2.0
#include "pairing/peer_directory.h"

#include <algorithm>
#include <array>
#include <optional>

namespace traffictap::pairing {
namespace {

// nullopt: a proxy that does not say its address, which no peer can be told to be.
std::optional<std::array<uint8_t, 16>> KeyOf(const std::string& ip) {
  const auto address = traffic::ParseSocketAddress(ip, 0);
  if (!address) return std::nullopt;
  return address->ip;
}

}  // namespace

void PeerDirectory::StreamOpened(const std::string& ip, base::Nanos now) {
  const auto key = KeyOf(ip);
  if (!key) return;
  absl::MutexLock lock(&mutex_);
  const auto [found, fresh] = peers_.try_emplace(*key);
  Peer& peer = found->second;
  if (fresh || peer.streams == 0) peer.first_opened = now;
  ++peer.streams;
  peer.last_seen = now;
  if (peers_.size() > peers_max_) ForgetOldest();
}

void PeerDirectory::StreamEnded(const std::string& ip, bool clean, base::Nanos now) {
  const auto key = KeyOf(ip);
  if (!key) return;
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(*key);
  if (found == peers_.end()) return;
  if (found->second.streams > 0) --found->second.streams;
  if (!clean) found->second.last_loss = now;
  found->second.last_seen = now;
}

void PeerDirectory::EntriesLost(const std::string& ip, base::Nanos now) {
  const auto key = KeyOf(ip);
  if (!key) return;
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(*key);
  if (found != peers_.end()) found->second.last_loss = now;
}

void PeerDirectory::StreamOpened(const traffic::Node& node, base::Nanos now) {
  for (const auto& address : node.addresses) StreamOpened(address.IpString(), now);
}

void PeerDirectory::StreamEnded(const traffic::Node& node, bool clean, base::Nanos now) {
  for (const auto& address : node.addresses) StreamEnded(address.IpString(), clean, now);
}

void PeerDirectory::EntriesLost(const traffic::Node& node, base::Nanos now) {
  for (const auto& address : node.addresses) EntriesLost(address.IpString(), now);
}

PeerState PeerDirectory::Lookup(const traffic::SocketAddress& address, base::Nanos since,
                                base::Nanos now) const {
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(address.ip);
  if (found == peers_.end()) return PeerState::kUnknown;
  const Peer& peer = found->second;
  if (peer.last_loss >= since) return PeerState::kLost;
  // One that has just ended its stream was tapped when the half was written.
  if (peer.streams == 0 && peer.last_seen < since) return PeerState::kUnknown;
  return now - peer.first_opened < warm_up_ ? PeerState::kWarmingUp : PeerState::kTapped;
}

void PeerDirectory::ForgetOldest() {
  const auto oldest =
      std::min_element(peers_.begin(), peers_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.streams > 0, a.second.last_seen) <
               std::pair(b.second.streams > 0, b.second.last_seen);
      });
  peers_.erase(oldest);
}

}  // namespace traffictap::pairing
