// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "pairing/half_time.h"
#include "pairing/slab.h"
#include "pairing/slot_index.h"
#include "pairing/waiting_keys.h"
#include "traffic/packed_entry.h"

namespace traffictap::pairing {

// The halves that wait for the other side: a compact copy of each (compact_entry.h), found by connection, by
// request and by the end of its window. Halves of open streams are found by those alone, the others by the others:
// what has ended joins nothing that has not. Every operation on one half takes the same time however
// many wait, even where all have one request id. Not thread-safe.
class WaitingTable {
 public:
  using Slot = uint32_t;
  static constexpr Slot kNone = SlotIndex::kNone;

  struct FreeEntry {
    Slab*
        slab;  // null: the entry is the table's, and stays valid until its half is taken or changed
    void operator()(traffic::PackedEntry* entry) const {
      if (slab != nullptr) slab->Free(entry, entry->bytes);
    }
  };
  // Made of what waits; like Half, it must not outlive the table.
  using EntryPtr = std::unique_ptr<traffic::PackedEntry, FreeEntry>;
  struct Half {
    EntryPtr entry;
    traffic::NodePtr node;
    HalfTime time;
  };

  WaitingTable() = default;
  ~WaitingTable();
  WaitingTable(const WaitingTable&) = delete;
  WaitingTable& operator=(const WaitingTable&) = delete;

  // Copies `entry`. Takes longer the more halves of its window came later than it.
  Slot Add(const traffic::PackedEntry& entry, const traffic::NodePtr& node, const HalfTime& time);
  // Takes the half out. `entry`: of it, where the caller has it already.
  Half Take(Slot slot, EntryPtr entry = nullptr);
  // Puts a copy of `entry` into the place of the half there, to end when that one would have ended.
  void Replace(Slot slot, const traffic::PackedEntry& entry, const traffic::NodePtr& node,
               uint64_t position);
  // The half there, its entry alone, its times: copies, but for large entries. Who changes an entry sets its
  // taps after that.
  Half At(Slot slot) const { return {EntryAt(slot), places_[slot].node, TimeAt(slot)}; }
  EntryPtr EntryAt(Slot slot) const;
  HalfTime TimeAt(Slot slot) const;

  // The oldest half of that side, on the connection of `entry`, for which test(slot) holds.
  template <typename Test>
  Slot FindOnConnection(const traffic::PackedEntry& entry, bool client, Test test) const {
    return by_connection_.Find(Sided(ConnectionOf(entry), client), test);
  }
  // The same among the halves that have ended, whether `entry` has or not.
  template <typename Test>
  Slot FindEnded(const traffic::PackedEntry& entry, bool client, Test test) const {
    return by_connection_.Find(Sided(ConnectionKey(entry), client), test);
  }
  // The half of the stream of `entry`, while it was open, or kNone.
  Slot FindOpen(const traffic::PackedEntry& entry) const {
    return by_stream_.Find(StreamKey(entry),
                           [&](Slot slot) { return SameStream(*EntryAt(slot), entry); });
  }
  // The same by request id, path and authority: servers, clients with several attempts, and the
  // others. Each has a list of its own: who looks for one kind never walks past another.
  template <typename Test>
  Slot FindServer(const traffic::PackedEntry& entry, Test test) const {
    return by_request_.Find(Listed(RequestOf(entry), RequestList::kServers), test);
  }
  template <typename Test>
  Slot FindRetriedClient(const traffic::PackedEntry& entry, Test test) const {
    return by_request_.Find(Listed(RequestOf(entry), RequestList::kRetriedClients), test);
  }
  template <typename Test>
  Slot FindSingleClient(const traffic::PackedEntry& entry, Test test) const {
    return by_request_.Find(Listed(RequestOf(entry), RequestList::kSingleClients), test);
  }

  // The half whose window ended first before or at `now`, or kNone.
  Slot Due(base::Nanos now) const;
  // The half that waits longest, or kNone.
  Slot Oldest() const;

  // Calls visit(slot) for each half, in the order of Due. The visitor may set taps, not take halves
  // out.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (auto& [window, queue] : queues_) {
      for (Slot slot = queue.oldest; slot != kNone; slot = places_[slot].newer) visit(slot);
    }
  }
  void SetTaps(Slot slot, const traffic::TapSet& taps);

  size_t size() const { return size_; }
  // Of the waiting halves alone: 0 when nothing waits, though memory is kept for the next ones.
  size_t bytes() const {
    return compact_.used_bytes() + size_ * kPlaceBytes + by_stream_.size() * SlotIndex::kSlotBytes;
  }

 private:
  // All halves of one window length, which end in the order in which they came.
  struct Queue {
    base::Nanos window = 0;
    Slot oldest = kNone;
    Slot newest = kNone;
  };
  struct Place {
    std::byte* entry = nullptr;  // compact, in compact_; null: the place is free
    traffic::NodePtr node;
    base::Nanos arrival = 0;
    uint64_t position = 0;
    Queue* queue = nullptr;
    Slot older = kNone;
    Slot newer = kNone;  // in the queue, or in the list of free places
  };
  // In by_connection_ and by_request_ as well.
  static constexpr size_t kPlaceBytes = sizeof(Place) + 2 * SlotIndex::kSlotBytes;

  void Keep(Place* place, const traffic::PackedEntry& entry);
  void Drop(Place* place);
  EntryPtr CopyOf(const Place& place) const;
  void AddToIndexes(Slot slot, const traffic::PackedEntry& entry);
  void RemoveFromIndexes(Slot slot);
  void Append(Queue* queue, Slot slot);
  void Unlink(Slot slot);

  Slab compact_;           // what waits
  mutable Slab expanded_;  // what was made of it
  std::vector<Place> places_;
  Slot free_ = kNone;
  size_t size_ = 0;
  SlotIndex by_connection_;
  SlotIndex by_request_;
  SlotIndex by_stream_;                  // open ones alone
  std::map<base::Nanos, Queue> queues_;  // by window length
};

}  // namespace traffictap::pairing
