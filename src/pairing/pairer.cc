// SPDX-License-Identifier: Apache-2.0

// How halves find each other.
//
// Invariant: every entry that came is in exactly one place: counted as a copy or as intermediate,
// waiting in the table, or emitted once, in a pair or alone. The counters add up between two calls.
//
// A half that arrives takes the waiting half that *surely* fits: of one connection and request id,
// method, path and code (ConnectionFit); of several that which sizes and times tell to be nearest
// (SureFit), of equals the oldest. Calls that share connection and id differ in one of these, so a
// half that fits only in part must wait: a better one may be on its way. This is why a Mismatch is
// told at the end of the window, and everything else at once.
// A client's half that was tried more than once collects servers instead, and is emitted when all
// of its attempts are there.
// When the window of a half is over (End), in this order:
//   1. with a client of several attempts: as many of its servers as came;
//   2. with the half of its connection that fits best, the oldest of equals;
//   3. with a half of its request, where something between the two ended the connection;
//   4. alone: late where its request was emitted already, otherwise by what is known of the peer.
// Halves of open streams (pairer.h) only wait: they are joined in End, by the same rules.
// Of many halves under one key kCandidatesMax are looked at, so that no half costs more than
// another.
//
// Called from its partition's pairing thread alone; PeerStates, which is told by stream threads, has a lock.
#include "pairing/pairer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pairing/emitted_requests.h"
#include "pairing/ended_streams.h"
#include "pairing/orphan_reason.h"
#include "pairing/pair_key.h"
#include "pairing/verdict.h"
#include "pairing/waiting_table.h"

namespace traffictap::pairing {

using traffic::NodePtr;
using traffic::OrphanReason;
using traffic::PackedEntry;
using traffic::TrafficPair;

namespace {

using Slot = WaitingTable::Slot;
using Half = WaitingTable::Half;
using EntryPtr = WaitingTable::EntryPtr;
constexpr Slot kNone = WaitingTable::kNone;

// Halves looked at for one that may have many: an application that gives all its requests one id
// must not make each of them cost more than the one before.
constexpr int kCandidatesMax = 64;

}  // namespace

class Pairer::State {
 public:
  State(PairerOptions options, const PeerStates* peers, PairConsumer* next)
      : options_(std::move(options)),
        peers_(peers),
        next_(next),
        emitted_(options_.tombstones_max),
        ended_(options_.tombstones_max, options_.remember_ends) {}

  void Add(const PackedEntry& entry, const NodePtr& node, HalfTime time) {
    ++counters_.kept;
    if (entry.facts.moment == traffic::LogMoment::kStart) return void(++counters_.intermediate);
    // Of a stream that is idle two entries are alike, and no copies.
    if (IsOpen(entry)) return AddOpen(entry, node, time);
    if (!emitted_.Take(entry, *node)) return void(++counters_.duplicates);
    if (ended_.End(entry)) TakeUnseen(waiting_.FindOpen(entry));
    if (JoinsNothing(entry)) return EmitOrphan(&entry, node, OrphanReason::kNeverArrived);
    if (JoinSingle(entry, node)) return;
    CompleteRetried(entry, waiting_.Add(entry, node, WithWindow(entry, time)));
    MakeRoom(time.arrival);
  }

  void Mark(const PackedEntry& entry, const NodePtr& node, bool waits) {
    if (entry.facts.moment == traffic::LogMoment::kStart) return;
    if (IsOpen(entry)) return void(ended_.GoesOn(entry));
    if (!emitted_.Take(entry, *node)) return;
    ended_.End(entry);
    if (!waits && !JoinsNothing(entry)) emitted_.Finish(entry);
  }

  void Restore(const PackedEntry& entry, const NodePtr& node, const HalfTime& time) {
    Mark(entry, node, true);
    waiting_.Add(entry, node, time);
  }

  void Restore(const JoinCounters& counters) { counters_ = counters; }
  void ForEachWaiting(const std::function<void(const HalfTime&)>& visit) {
    waiting_.ForEach([&](Slot slot) { visit(waiting_.TimeAt(slot)); });
  }

  void Advance(base::Nanos now) {
    for (Slot slot; (slot = waiting_.Due(now)) != kNone;) End(slot, now, false);
  }

  void Flush(base::Nanos now) {
    for (Slot slot; (slot = waiting_.Oldest()) != kNone;) End(slot, now, false);
  }

  void RemoveTaps(const traffic::TapSet& removed, base::Nanos now) {
    waiting_.ForEach([&](Slot slot) {
      const Half half = waiting_.At(slot);
      const traffic::TapSet taps = half.entry->taps;
      const traffic::TapSet gone = taps & removed;
      if (gone.empty()) return;
      half.entry->taps = gone;
      next_->Consume(Alone(half.entry.get(), WhyAlone(half, now, false, false)), {&half.node, 1});
      waiting_.SetTaps(slot, taps - removed);
    });
  }

  const JoinCounters& counters() {
    counters_.waiting = waiting_.size();
    return counters_;
  }
  size_t waiting_bytes() const { return waiting_.bytes(); }

 private:
  void MakeRoom(base::Nanos now) {
    while (waiting_.bytes() > options_.waiting_bytes_max) End(waiting_.Oldest(), now, true);
  }

  HalfTime WithWindow(const PackedEntry& entry, HalfTime time) const {
    if (time.window == 0) time.window = options_.window(entry.taps);
    return time;
  }

  void AddOpen(const PackedEntry& entry, const NodePtr& node, const HalfTime& time) {
    if (!ended_.GoesOn(entry)) return void(++counters_.intermediate);
    const Slot former = waiting_.FindOpen(entry);
    if (former == kNone) {
      waiting_.Add(entry, node, WithWindow(entry, time));
    } else {
      ++counters_.intermediate;
      waiting_.Replace(former, entry, node, time.position);
    }
    MakeRoom(time.arrival);
  }

  void TakeUnseen(Slot open) {
    if (open == kNone) return;
    waiting_.Take(open);
    ++counters_.intermediate;
  }

  // What a client's half found so far.
  struct Found {
    std::vector<Slot> servers;  // earlier attempts in the order of their arrival, then the last one
    bool last = false;          // the attempt that the client's addresses tell of is there
  };

  // The usual case: one client's and one server's half, whichever came first. The one that arrives
  // last is emitted from where it stands. Of several that fit surely and alike the oldest joins.
  bool JoinSingle(const PackedEntry& entry, const NodePtr& node) {
    const bool client = IsClient(entry);
    if (client && Attempts(entry) > 1) return false;
    EntryPtr found;
    const Slot other = BestFit(
        entry, [&](auto test) { waiting_.FindOnConnection(entry, !client, test); },
        [](const PackedEntry& c, const PackedEntry& s) {
          return Attempts(c) == 1 ? SureFit(c, s) : kNoFit;
        },
        &found);
    if (other == kNone) return false;
    const Half half = waiting_.Take(other, std::move(found));
    const PackedEntry* server = client ? half.entry.get() : &entry;
    const NodePtr nodes[] = {client ? node : half.node, client ? half.node : node};
    EmitPair(client ? entry : *half.entry, {&server, 1}, nodes);
    return true;
  }

  // The half of the other side that fits best, the oldest of equals; kNone where none fits.
  // `find(test)` walks the candidates, `fit(client, server)` judges two; `its` gets the half's entry.
  template <typename Find, typename Judge>
  Slot BestFit(const PackedEntry& entry, Find find, Judge fit, EntryPtr* its = nullptr) const {
    Slot best = kNone;
    Fit best_fit = kNoFit;
    int looked_at = 0;
    find([&](Slot slot) {
      EntryPtr other = waiting_.EntryAt(slot);
      const Fit found = IsClient(entry) ? fit(entry, *other) : fit(*other, entry);
      if (found > best_fit) {
        best = slot;
        best_fit = found;
        if (its != nullptr) *its = std::move(other);
      }
      return found >= kBestFit || ++looked_at >= kCandidatesMax;
    });
    return best;
  }

  // The stream of this half has ended on the other side, which waits for its last entry.
  bool OtherSideEnded(const PackedEntry& open) const {
    const auto find = [&](auto test) { waiting_.FindEnded(open, !IsClient(open), test); };
    return BestFit(open, find, ConnectionFit) != kNone;
  }

  // The client that `server` belongs to as far as a connection tells, or that may have tried it.
  Slot ClientOf(const PackedEntry& server, uint32_t attempts_min) const {
    const Slot exact = BestFit(
        server, [&](auto test) { waiting_.FindOnConnection(server, true, test); },
        [&](const PackedEntry& c, const PackedEntry& s) {
          return Attempts(c) >= attempts_min ? ConnectionFit(c, s) : kNoFit;
        });
    if (exact != kNone) return exact;
    return BestFit(
        server, [&](auto test) { waiting_.FindRetriedClient(server, test); },
        [](const PackedEntry& c, const PackedEntry& s) { return MaybeAttempt(c, s) ? 1 : kNoFit; });
  }

  // The half that joins one whose window is over, of a request that was tried once.
  Slot OtherOf(Slot slot, base::Nanos now) const {
    const Half half = waiting_.At(slot);
    const PackedEntry& entry = *half.entry;
    const Slot exact = BestFit(
        entry, [&](auto test) { waiting_.FindOnConnection(entry, !IsClient(entry), test); },
        [](const PackedEntry& c, const PackedEntry& s) {
          return Attempts(c) == 1 ? ConnectionFit(c, s) : kNoFit;
        });
    if (exact != kNone) return exact;
    const auto known = [&](const traffic::SocketAddress& address) {
      return options_.peers_part && StateOf(address, half, now) != PeerState::kUnknown;
    };
    return BestFit(
        entry,
        [&](auto test) {
          if (IsClient(entry)) {
            waiting_.FindServer(entry, test);
          } else {
            waiting_.FindSingleClient(entry, test);
          }
        },
        [&](const PackedEntry& c, const PackedEntry& s) { return RequestFit(c, s, known); });
  }

  // A client's half with more than one attempt is complete when all its servers' halves are there.
  void CompleteRetried(const PackedEntry& entry, Slot arrived) {
    const Slot client = IsClient(entry) ? arrived : ClientOf(entry, 2);
    if (client == kNone) return;
    const uint32_t attempts = Attempts(client == arrived ? entry : *waiting_.EntryAt(client));
    if (attempts == 1) return;
    const Found found = FindServers(client);
    if (found.last && found.servers.size() >= attempts) Resolve(client, found);
  }

  Found FindServers(Slot client) const {
    Found found;
    const EntryPtr c = waiting_.EntryAt(client);
    Slot last = kNone;
    Fit last_fit = kNoFit;
    int on_connection = 0;
    // Several attempts may have taken one connection: of equals the newest is the last.
    waiting_.FindOnConnection(*c, false, [&](Slot slot) {
      const Fit fit = ConnectionFit(*c, *waiting_.EntryAt(slot));
      if (fit != kNoFit && fit >= last_fit) {
        last = slot;
        last_fit = fit;
      }
      return ++on_connection >= kCandidatesMax;
    });
    const size_t others_max = Attempts(*c) - (last == kNone ? 0 : 1);
    int looked_at = 0;
    // By arrival: clocks of different servers are not compared.
    waiting_.FindServer(*c, [&](Slot slot) {
      if (found.servers.size() >= others_max) return true;
      const EntryPtr s = waiting_.EntryAt(slot);
      if (slot != last && MaybeAttempt(*c, *s) && !OfAnotherClient(client, *s))
        found.servers.push_back(slot);
      return ++looked_at >= kCandidatesMax;
    });
    found.last = last != kNone;
    if (found.last) found.servers.push_back(last);
    return found;
  }

  bool OfAnotherClient(Slot client, const PackedEntry& server) const {
    int looked_at = 0;
    bool found = false;
    waiting_.FindOnConnection(server, true, [&](Slot slot) {
      found = slot != client && ConnectionFit(*waiting_.EntryAt(slot), server) != kNoFit;
      return found || ++looked_at >= kCandidatesMax;
    });
    return found;
  }

  void Resolve(Slot client, const Found& found) {
    const Half taken_client = waiting_.Take(client);
    std::vector<Half> taken;
    std::vector<const PackedEntry*> servers;
    std::vector<NodePtr> nodes{taken_client.node};
    for (const Slot slot : found.servers) {
      taken.push_back(waiting_.Take(slot));
      servers.push_back(taken.back().entry.get());
      nodes.push_back(taken.back().node);
    }
    EmitPair(*taken_client.entry, servers, nodes);
  }

  // The window of a half is over (or, `evicted`, there is no room for it).
  void End(Slot slot, base::Nanos now, bool evicted) {
    const EntryPtr entry = waiting_.EntryAt(slot);
    const Slot retried =
        IsClient(*entry) ? (Attempts(*entry) > 1 ? slot : kNone) : ClientOf(*entry, 2);
    if (retried != kNone) {
      const Found found = FindServers(retried);
      const bool takes_part = retried == slot || std::ranges::count(found.servers, slot) > 0;
      if (!found.servers.empty() && takes_part) return Resolve(retried, found);
    }
    const Slot other = retried == slot ? kNone : OtherOf(slot, now);
    if (other != kNone) {
      return IsClient(*entry) ? Resolve(slot, {{other}}) : Resolve(other, {{slot}});
    }
    if (IsOpen(*entry) && OtherSideEnded(*entry)) return TakeUnseen(slot);
    const Half half = waiting_.Take(slot);
    const bool late = !IsOpen(*half.entry) && emitted_.Finish(*half.entry);
    EmitOrphan(half.entry.get(), half.node, WhyAlone(half, now, evicted, late));
  }

  // While `half` waited.
  PeerState StateOf(const traffic::SocketAddress& peer, const Half& half, base::Nanos now) const {
    if (peers_ == nullptr) return PeerState::kUnknown;
    return peers_->Lookup({peer, half.node->network}, half.time.arrival - half.time.window, now);
  }

  OrphanReason WhyAlone(const Half& half, base::Nanos now, bool evicted, bool late) const {
    LoneHalf lone{evicted, late, PeerState::kUnknown, half.entry->facts.peer_mesh};
    if (!evicted && JoinsNothing(*half.entry)) return OrphanReason::kNeverArrived;
    if (evicted || late) return ReasonOf(lone);
    lone.peer = StateOf(PeerAddress(*half.entry), half, now);
    const base::Nanos since = half.time.arrival - half.time.window;
    const bool lost = options_.lost_since && options_.lost_since(lone.peer, lone.mesh, since);
    if (lost) lone.peer = PeerState::kLost;
    return ReasonOf(lone);
  }

  void EmitPair(const PackedEntry& client, std::span<const PackedEntry* const> servers,
                std::span<const NodePtr> nodes) {
    if (IsOpen(client)) {
      counters_.open += 1 + servers.size();
    } else {
      ++counters_.pairs;
      counters_.retries += servers.size() - 1;
      emitted_.Finish(client);
    }
    TrafficPair pair;
    pair.client = &client;
    pair.servers = servers;
    pair.verdict = Judge(pair);
    next_->Consume(pair, nodes);
  }

  void EmitOrphan(const PackedEntry* entry, const NodePtr& node, OrphanReason reason) {
    ++(IsOpen(*entry) ? counters_.open : counters_.orphans[static_cast<size_t>(reason)]);
    next_->Consume(Alone(entry, reason), {&node, 1});
  }

  const PairerOptions options_;
  const PeerStates* const peers_;
  PairConsumer* const next_;
  WaitingTable waiting_;
  EmittedRequests emitted_;
  EndedStreams ended_;
  JoinCounters counters_;
};

Pairer::Pairer(PairerOptions options, const PeerStates* peers, PairConsumer* next)
    : state_(std::make_unique<State>(std::move(options), peers, next)) {}
Pairer::~Pairer() = default;

void Pairer::Add(const traffic::EntryBatch& batch, base::Nanos now) {
  for (const auto* entry : batch.entries()) state_->Add(*entry, batch.node(), {now});
}
void Pairer::Add(const PackedEntry& entry, const NodePtr& node, const HalfTime& time) {
  state_->Add(entry, node, time);
}
void Pairer::Restore(const PackedEntry& entry, const NodePtr& node, const HalfTime& time) {
  state_->Restore(entry, node, time);
}
void Pairer::Mark(const PackedEntry& entry, const NodePtr& node) {
  state_->Mark(entry, node, false);
}
void Pairer::Restore(const JoinCounters& counters) { state_->Restore(counters); }
void Pairer::ForEachWaiting(const std::function<void(const HalfTime&)>& visit) const {
  state_->ForEachWaiting(visit);
}
void Pairer::Advance(base::Nanos now) { state_->Advance(now); }
void Pairer::Flush(base::Nanos now) { state_->Flush(now); }
void Pairer::RemoveTaps(const traffic::TapSet& removed, base::Nanos now) {
  state_->RemoveTaps(removed, now);
}
const JoinCounters& Pairer::counters() const { return state_->counters(); }
size_t Pairer::waiting_bytes() const { return state_->waiting_bytes(); }

}  // namespace traffictap::pairing
