// SPDX-License-Identifier: Apache-2.0
#include "pipeline/known_peers.h"

#include <algorithm>
#include <utility>

#include "traffic/node.h"

namespace traffictap::pipeline {

KnownPeers::KnownPeers(const std::vector<tap::KnownPeer>& peers) {
  for (const tap::KnownPeer& peer : peers) {
    for (const std::string& address : peer.addresses) {
      const auto parsed = traffic::ParseSocketAddress(address, 0);
      if (parsed) places_.emplace_back(parsed->ip, peers_.size());
    }
    peers_.push_back({peer.ns, peer.workload, peer.attached, peer.network, {}});
  }
  std::sort(places_.begin(), places_.end());
}

const tap::KnownPeer* KnownPeers::At(const pairing::PeerPlace& place) const {
  if (!place.address.present()) return nullptr;
  const auto& ip = place.address.ip;
  const auto first = std::lower_bound(places_.begin(), places_.end(), std::pair(ip, size_t{0}));
  for (auto at = first; at != places_.end() && at->first == ip; ++at) {
    const tap::KnownPeer& peer = peers_[at->second];
    if (traffic::MayShareNetwork(peer.network, place.network)) return &peer;
  }
  return nullptr;
}

void PeerSightings::Add(const pairing::PeerPlace& place, base::Nanos now) {
  if (!place.address.present() || place.address.is_loopback()) return;
  const auto found = seen_.find(Place(place.address.ip, place.network));
  if (found != seen_.end()) {
    found->second = now;
    return;
  }
  // Full, until the next Share makes room: looking for it here would be paid for each record.
  if (seen_.size() >= kAddressesMax) return;
  seen_[{place.address.ip, std::string(place.network)}] = now;
  changed_ = true;
}

void PeerSightings::Share(base::Nanos now) {
  if (shared_at_ && now - *shared_at_ < kShareEvery) return;
  shared_at_ = now;
  const size_t forgotten =
      std::erase_if(seen_, [&](const auto& entry) { return now - entry.second > kKept; });
  if (!std::exchange(changed_, false) && forgotten == 0) return;
  std::vector<PeerSighting> out;
  for (const auto& [key, when] : seen_) {
    out.push_back({traffic::SocketAddress{key.ip, 1}.IpString(), key.network});
  }
  std::sort(out.begin(), out.end());
  absl::MutexLock lock(&mutex_);
  shared_ = std::move(out);
}

void PeerSightings::Inherit(const PeerSightings& former) {
  seen_ = former.seen_;
  changed_ = former.changed_;
  auto shared = former.shared();
  absl::MutexLock lock(&mutex_);
  shared_ = std::move(shared);
}

std::vector<PeerSighting> PeerSightings::shared() const {
  absl::MutexLock lock(&mutex_);
  return shared_;
}

}  // namespace traffictap::pipeline
