// SPDX-License-Identifier: Apache-2.0

// A report names the addresses that its collector met within half a minute, so one without a known pod
// may be that of a pod which the watch brings only later, and with it the next snapshot: it waits for it,
// for a minute, and not for longer, or a later pod would be taken for the one that was met.
#include "operator/reconcilers/peer_ledger.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace traffictap::reconcilers {
namespace {

constexpr base::Nanos kUnknownFor = 60 * base::kSecond;
// How often a full book is searched for addresses to drop: that costs more than the report does.
constexpr base::Nanos kDropEvery = base::kSecond;
// Collectors report every five seconds.
constexpr base::Nanos kUnheardOf = 30 * base::kSecond;

bool MayShareNetwork(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || a == b;
}

}  // namespace

bool PeerLedger::Note(const Reports& reports) {
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
    for (const auto& tap : report->taps()) {
      const auto found = books_.find(tap.tap());
      if (found == books_.end() || found->second.uid != tap.uid()) continue;
      fresh = NoteTap(tap, now, &found->second) || fresh;
    }
  }
  return fresh;
}

bool PeerLedger::NoteTap(const v1::TapReport& tap, base::Nanos now, Book* book) {
  const bool full = book->pending.size() >= kAddressesMax;
  if (full && now - book->dropped >= kDropEvery) DropPending(now, book);
  bool fresh = false;
  for (const auto& peer : tap.peers()) {
    Place place{peer.address(), peer.network()};
    if (const plan::SeenPeer* workload = Find(place)) {
      fresh = Meet(*workload, now, book) || fresh;
    } else if (book->pending.size() < kAddressesMax || book->pending.contains(place)) {
      book->pending[std::move(place)] = now;
    }
  }
  return fresh;
}

const plan::SeenPeer* PeerLedger::Find(const Place& place) const {
  const auto [first, last] = residents_.equal_range(place.address);
  const auto found = std::find_if(first, last, [&](const auto& entry) {
    return MayShareNetwork(entry.second.network, place.network);
  });
  return found == last ? nullptr : &found->second.workload;
}

bool PeerLedger::Meet(const plan::SeenPeer& peer, base::Nanos when, Book* book) {
  const auto known = book->peers.find(peer);
  if (known != book->peers.end()) {
    known->second.last = std::max(known->second.last, when);
    return false;
  }
  if (book->peers.size() >= kWorkloadsMax) return false;
  book->peers[peer] = {when, when};
  return true;
}

PeerLedger::Book& PeerLedger::BookOf(const plan::TapObject& tap, base::Nanos now) {
  const auto [found, added] = books_.try_emplace(tap.key());
  Book& book = found->second;
  if (!added && book.uid == tap.uid) return book;
  book = {tap.uid, {}, 0, {}};
  base::Nanos first = now;
  for (const auto& peer : tap.peers) book.peers.insert({peer, {first++, now}});
  return book;
}

void PeerLedger::Resolve(Book* book) {
  for (auto entry = book->pending.begin(); entry != book->pending.end();) {
    const plan::SeenPeer* workload = Find(entry->first);
    if (workload != nullptr) Meet(*workload, entry->second, book);
    entry = workload == nullptr ? std::next(entry) : book->pending.erase(entry);
  }
}

void PeerLedger::DropPending(base::Nanos now, Book* book) {
  book->dropped = now;
  std::erase_if(book->pending, [&](const auto& entry) { return now - entry.second > kUnknownFor; });
}

PeerLedger::Residents PeerLedger::ResidentsOf(const plan::MeshSnapshot& snapshot) {
  Residents out;
  if (snapshot.taps.empty()) return out;
  for (const auto& pod : snapshot.pods) {
    if (pod.finished) continue;
    for (const auto& address : pod.addresses) {
      out.emplace(address, Resident{pod.network, {pod.ns, pod.workload_kind, pod.workload}});
    }
  }
  return out;
}

std::optional<base::Nanos> PeerLedger::Fill(plan::MeshSnapshot* snapshot) {
  const base::Nanos now = clock_->Monotonic();
  std::optional<base::Nanos> until;
  std::set<std::string> keys;
  Residents residents = ResidentsOf(*snapshot);  // the former ones go after the lock
  absl::MutexLock lock(&mutex_);
  residents_.swap(residents);
  const bool hears = now - heard_ <= kUnheardOf;
  for (auto& tap : snapshot->taps) {
    keys.insert(tap.key());
    Book& book = BookOf(tap, now);
    DropPending(now, &book);
    Resolve(&book);
    if (hears) {
      std::erase_if(book.peers,
                    [&](const auto& entry) { return now - entry.second.last >= kSilence; });
    }
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
  residents_.clear();
}

}  // namespace traffictap::reconcilers
