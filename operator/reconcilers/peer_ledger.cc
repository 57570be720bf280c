// SPDX-License-Identifier: Apache-2.0

// A report names the addresses that its collector met within half a minute, so one that is new to the
// ledger may be that of a pod which the watch brings only later: it waits for it, for a minute, and not
// for longer, or a later pod would be taken for the one that was met.
#include "operator/reconcilers/peer_ledger.h"

#include <algorithm>
#include <set>
#include <utility>

namespace traffictap::reconcilers {
namespace {

constexpr base::Nanos kUnknownFor = 60 * base::kSecond;
// Collectors report every five seconds.
constexpr base::Nanos kUnheardOf = 30 * base::kSecond;

bool MayShareNetwork(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || a == b;
}

}  // namespace

bool PeerLedger::Note(const std::vector<v1::CollectorReport>& reports) {
  if (reports.empty()) return false;
  const base::Nanos now = clock_->Monotonic();
  bool fresh = false;
  absl::MutexLock lock(&mutex_);
  if (now - heard_ > kUnheardOf) {
    for (auto& [key, book] : books_) {
      for (auto& [peer, times] : book.peers) times.last = now;
    }
  }
  heard_ = now;
  for (const auto& report : reports) {
    for (const auto& tap : report.taps()) {
      const auto found = books_.find(tap.tap());
      if (found == books_.end() || found->second.uid != tap.uid()) continue;
      auto& addresses = found->second.addresses;
      for (const auto& peer : tap.peers()) {
        Place place{peer.address(), peer.network()};
        const bool known = addresses.contains(place);
        if (!known && addresses.size() >= kAddressesMax) continue;
        addresses[std::move(place)] = {now, true};
        fresh = fresh || !known;
      }
    }
  }
  return fresh;
}

PeerLedger::Book& PeerLedger::BookOf(const plan::TapObject& tap, base::Nanos now) {
  const auto [found, added] = books_.try_emplace(tap.key());
  Book& book = found->second;
  if (!added && book.uid == tap.uid) return book;
  book = {tap.uid, {}, {}};
  base::Nanos first = now;
  for (const auto& peer : tap.peers) book.peers.insert({peer, {first++, now}});
  return book;
}

void PeerLedger::Resolve(const Pods& pods, base::Nanos now, Book* book) {
  for (auto& [place, address] : book->addresses) {
    if (!address.pending || now - address.last > kUnknownFor) continue;
    const auto [first, last] = pods.equal_range(place.address);
    const auto found = std::find_if(first, last, [&, &place = place](const auto& entry) {
      return MayShareNetwork(entry.second->network, place.network);
    });
    if (found == last) continue;
    address.pending = false;
    const plan::Pod& pod = *found->second;
    const plan::SeenPeer peer{pod.ns, pod.workload_kind, pod.workload};
    const auto known = book->peers.find(peer);
    if (known != book->peers.end()) {
      known->second.last = std::max(known->second.last, address.last);
    } else if (book->peers.size() < kWorkloadsMax) {
      book->peers[peer] = {address.last, address.last};
    }
  }
}

bool PeerLedger::Pending() const {
  return std::any_of(books_.begin(), books_.end(), [](const auto& book) {
    const auto& addresses = book.second.addresses;
    return std::any_of(addresses.begin(), addresses.end(),
                       [](const auto& entry) { return entry.second.pending; });
  });
}

void PeerLedger::LetGo(base::Nanos now, Book* book) {
  std::erase_if(book->addresses,
                [&](const auto& entry) { return now - entry.second.last >= kSilence; });
  std::erase_if(book->peers,
                [&](const auto& entry) { return now - entry.second.last >= kSilence; });
}

std::optional<base::Nanos> PeerLedger::Fill(plan::MeshSnapshot* snapshot) {
  const base::Nanos now = clock_->Monotonic();
  std::optional<base::Nanos> until;
  std::set<std::string> keys;
  absl::MutexLock lock(&mutex_);
  Pods pods;
  if (Pending()) {
    for (const auto& pod : snapshot->pods) {
      if (pod.finished) continue;
      for (const auto& address : pod.addresses) pods.insert({address, &pod});
    }
  }
  const bool hears = now - heard_ <= kUnheardOf;
  for (auto& tap : snapshot->taps) {
    keys.insert(tap.key());
    Book& book = BookOf(tap, now);
    Resolve(pods, now, &book);
    if (hears) LetGo(now, &book);
    std::vector<std::pair<base::Nanos, plan::SeenPeer>> order;
    for (const auto& [peer, times] : book.peers) {
      order.push_back({times.first, peer});
      const base::Nanos left =
          hears ? std::max(times.last + kSilence - now, base::kSecond) : kSilence;
      if (!until || left < *until) until = left;
    }
    std::sort(order.begin(), order.end());
    tap.peers.clear();
    for (auto& [first, peer] : order) tap.peers.push_back(std::move(peer));
  }
  std::erase_if(books_, [&](const auto& entry) { return !keys.contains(entry.first); });
  return until;
}

void PeerLedger::Clear() {
  absl::MutexLock lock(&mutex_);
  books_.clear();
}

}  // namespace traffictap::reconcilers
