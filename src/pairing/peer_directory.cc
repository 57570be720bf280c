#include "pairing/peer_directory.h"

#include <algorithm>

namespace traffictap::pairing {
namespace {

std::array<uint8_t, 16> KeyOf(const std::string& ip) {
  return traffic::ParseSocketAddress(ip, 0).value_or(traffic::SocketAddress{}).ip;
}

}  // namespace

void PeerDirectory::StreamOpened(const std::string& ip, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  const auto [found, fresh] = peers_.try_emplace(KeyOf(ip));
  Peer& peer = found->second;
  if (fresh || peer.streams == 0) peer.first_opened = now;
  ++peer.streams;
  peer.last_seen = now;
  if (peers_.size() > peers_max_) ForgetOldest();
}

void PeerDirectory::StreamEnded(const std::string& ip, bool clean, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(KeyOf(ip));
  if (found == peers_.end()) return;
  if (found->second.streams > 0) --found->second.streams;
  if (!clean) found->second.last_loss = now;
  found->second.last_seen = now;
}

void PeerDirectory::EntriesLost(const std::string& ip, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(KeyOf(ip));
  if (found != peers_.end()) found->second.last_loss = now;
}

PeerState PeerDirectory::Lookup(const traffic::SocketAddress& address, base::Nanos since,
                                base::Nanos now) const {
  absl::MutexLock lock(&mutex_);
  const auto found = peers_.find(address.ip);
  if (found == peers_.end()) return PeerState::kUnknown;
  const Peer& peer = found->second;
  if (peer.last_loss >= since) return PeerState::kLost;
  if (peer.streams == 0) return PeerState::kUnknown;
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
