// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "pairing/half_time.h"
#include "pairing/peer_states.h"
#include "traffic/entry_batch.h"
#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Where joined pairs and orphans go. `pair` and `nodes` (the owners of its entries' nodes: client
// first where there is one, then the servers) are valid only during the call.
class PairConsumer {
 public:
  virtual ~PairConsumer() = default;
  virtual void Consume(const traffic::TrafficPair& pair,
                       std::span<const traffic::NodePtr> nodes) = 0;
};

// kept = 2 * pairs + retries + sum(orphans) + duplicates + open + intermediate + waiting, at every
// moment between two calls.
struct JoinCounters {
  uint64_t kept = 0;
  uint64_t pairs = 0;
  uint64_t retries = 0;  // server halves beyond the first of a pair
  std::array<uint64_t, traffic::kOrphanReasonCount> orphans{};
  uint64_t duplicates = 0;  // entries seen already; not emitted
  uint64_t open = 0;        // entries in records of open streams, of one side or both
  // of streams that had not ended, and not emitted: a newer entry took the place
  uint64_t intermediate = 0;
  uint64_t waiting = 0;

  static void Visit(auto visit, auto&... counters) {
    visit("kept", "", counters.kept...);
    visit("pairs", "", counters.pairs...);
    visit("retries", "", counters.retries...);
    for (size_t i = 1; i < traffic::kOrphanReasonCount; ++i) {
      visit("orphans", ToString(static_cast<traffic::OrphanReason>(i)), counters.orphans[i]...);
    }
    visit("duplicates", "", counters.duplicates...);
    visit("open", "", counters.open...);
    visit("intermediate", "", counters.intermediate...);
    visit("waiting", "", counters.waiting...);
  }
};

struct PairerOptions {
  // beyond: the oldest halves are emitted early, as kLostInBuffer
  size_t waiting_bytes_max = size_t{512} << 20;
  size_t tombstones_max = 1 << 18;  // finished keys remembered, to tell late halves and duplicates
  // Remembers the end of each stream, whether a periodic entry has told of one yet or not: then it
  // makes no difference how long the pairer has been there.
  bool remember_ends = false;
  // What is known of peers also keeps halves of one request id apart whose addresses differ: a proxy that
  // sends would have told of itself. False: it gives reasons alone, and what is joined depends on the halves.
  bool peers_part = true;
  // The window of an entry: the longest of its taps'. Called for each entry that must wait.
  std::function<base::Nanos(const traffic::TapSet&)> window;
  // Whether halves were lost since then of which nobody knows whose they were, so that those of a peer in
  // that state, which has a proxy or not, may be among them; null: none ever.
  std::function<bool(PeerState peer, traffic::PeerMesh mesh, base::Nanos since)> lost_since;
};

// Joins the halves of requests and connections. Not thread-safe: one thread owns it. `now` is its
// caller's clock and must not go back: the monotonic one, or that of the log its halves come from.
// It reads no other, so that what comes out depends on what goes in alone.
//
// Open streams. A periodic entry tells of a stream that goes on, whoever asked for it. It waits for
// its window whatever else is there, and then:
//   the stream ended meanwhile                             nothing: the record of its end follows
//   a newer periodic entry of the stream came meanwhile    that one, when the first one is due
//   the other side's periodic entry waits as well          both, as a pair that is open()
//   the other side's last entry waits                      nothing: the record of the end follows
//   otherwise                                              alone, with a reason
// So a stream makes one record a window at most, and one that ends within the window of its first
// periodic entry makes none but that of its end. Halves that have ended join those that have ended
// alone. Nothing is kept of a stream from one periodic entry to the next; that it has ended is
// remembered for a while, among tombstones_max others, so that an entry that was overtaken does not
// open it again. What tells of a stream's start alone (envoy AccessLogType) is never emitted.
class Pairer {
 public:
  // Both outlive the pairer. `peers`: null where nobody knows which proxies send.
  Pairer(PairerOptions options, const PeerStates* peers, PairConsumer* next);
  ~Pairer();

  // Takes the batch's entries, copying those that must wait. May call `next`.
  void Add(const traffic::EntryBatch& batch, base::Nanos now);
  // The same for one entry whose time comes with it; with window 0 its taps tell it.
  void Add(const traffic::PackedEntry& entry, const traffic::NodePtr& node, const HalfTime& time);
  // Emits what has waited its window out.
  void Advance(base::Nanos now);
  // Emits all that waits, as orphans (or as pairs that only waited for more attempts).
  void Flush(base::Nanos now);
  // Shows each removed tap what waits for it, half by half as orphans that nobody counts, and
  // forgets the tap: a half that no tap wants any more is emitted all the same, to no tap.
  void RemoveTaps(const traffic::TapSet& removed, base::Nanos now);

  // What a pairer that takes over from another one is told first, in the order of the log: the halves
  // that wait there, each with its time as ForEachWaiting had it; the others, which must not be
  // emitted again; and last the counters, of which the waiting are counted anew. Calls nobody.
  void Restore(const traffic::PackedEntry& entry, const traffic::NodePtr& node,
               const HalfTime& time);
  void Mark(const traffic::PackedEntry& entry, const traffic::NodePtr& node);
  void Restore(const JoinCounters& counters);
  // All that waits, in the order in which it is due.
  void ForEachWaiting(const std::function<void(const HalfTime&)>& visit) const;

  const JoinCounters& counters() const;
  size_t waiting_bytes() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace traffictap::pairing
