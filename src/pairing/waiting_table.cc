// SPDX-License-Identifier: Apache-2.0

// Each half is in one queue (of its window's length), in by_connection_, in by_request_ and, while
// its stream is open, in by_stream_, or its place is on the list of free ones. Queues are
// sorted by arrival, which costs nothing: halves come in that order, but for those of open streams
// that are restored from a log. All of a queue wait equally long, so the oldest is always the first
// to end; Due looks at one half per length. The indexes keep the halves of one key
// in the order in which they came, one key for each side: whoever asks for the oldest of the other
// side finds it first, however many of its own side wait there. Slots are numbers that stay where
// they are, so that the indexes can link through them; entries live in a slab, since the allocator's
// own bookkeeping would be a tenth of each. They wait compact, and whoever looks at one gets it as it was, in
// memory of its own from another slab: a half waits far longer than it is looked at.
// Called from the pairer alone, on its thread.
#include "pairing/waiting_table.h"

#include <algorithm>
#include <utility>

#include "pairing/compact_entry.h"

namespace traffictap::pairing {
namespace {

// Lengths of windows seen; beyond it those without a half are forgotten.
constexpr size_t kIdleQueuesMax = 64;

}  // namespace

WaitingTable::~WaitingTable() {
  for (Place& place : places_) Drop(&place);
}

WaitingTable::Slot WaitingTable::Add(const traffic::PackedEntry& entry,
                                     const traffic::NodePtr& node, const HalfTime& time) {
  Slot slot = free_;
  if (slot == kNone) {
    slot = static_cast<Slot>(places_.size());
    places_.emplace_back();
  } else {
    free_ = places_[slot].newer;
  }
  if (queues_.size() > kIdleQueuesMax) {
    std::erase_if(queues_, [](const auto& queue) { return queue.second.oldest == kNone; });
  }
  Place& place = places_[slot];
  place.node = node;
  place.arrival = time.arrival;
  place.position = time.position;
  Queue& queue = queues_[time.window];
  queue.window = time.window;
  Append(&queue, slot);
  Keep(&place, entry);
  AddToIndexes(slot, entry);
  ++size_;
  return slot;
}

// By the place's node and arrival, which stay as they are while it has the entry.
void WaitingTable::Keep(Place* place, const traffic::PackedEntry& entry) {
  const CompactEntry compact(entry, {place->node.get(), place->arrival});
  place->entry = static_cast<std::byte*>(compact_.Allocate(compact.size()));
  compact.CopyTo(place->entry);
}

void WaitingTable::Drop(Place* place) {
  std::byte* const entry = std::exchange(place->entry, nullptr);
  if (entry != nullptr) compact_.Free(entry, CompactBytes(entry));
}

WaitingTable::EntryPtr WaitingTable::EntryAt(Slot slot) const {
  const Place& place = places_[slot];
  if (auto* const whole = WholeEntry(place.entry)) return {whole, FreeEntry{nullptr}};
  return CopyOf(place);
}

WaitingTable::EntryPtr WaitingTable::CopyOf(const Place& place) const {
  return {Expand(place.entry, {place.node.get(), place.arrival}, &expanded_),
          FreeEntry{&expanded_}};
}

HalfTime WaitingTable::TimeAt(Slot slot) const {
  const Place& place = places_[slot];
  return {place.arrival, place.queue->window, place.position};
}

void WaitingTable::SetTaps(Slot slot, const traffic::TapSet& taps) {
  const EntryPtr entry = EntryAt(slot);
  entry->taps = taps;
  if (entry.get_deleter().slab == nullptr) return;
  Drop(&places_[slot]);
  Keep(&places_[slot], *entry);
}

void WaitingTable::Replace(Slot slot, const traffic::PackedEntry& entry,
                           const traffic::NodePtr& node, uint64_t position) {
  RemoveFromIndexes(slot);
  Place& place = places_[slot];
  Drop(&place);
  place.node = node;
  place.position = position;
  Keep(&place, entry);
  AddToIndexes(slot, entry);
}

void WaitingTable::AddToIndexes(Slot slot, const traffic::PackedEntry& entry) {
  by_connection_.Add(slot, Sided(ConnectionOf(entry), IsClient(entry)));
  by_request_.Add(slot, Listed(RequestOf(entry), ListOf(entry)));
  by_stream_.Add(slot, IsOpen(entry) ? StreamKey(entry) : 0);
}

void WaitingTable::RemoveFromIndexes(Slot slot) {
  by_connection_.Remove(slot);
  by_request_.Remove(slot);
  by_stream_.Remove(slot);
}

WaitingTable::Half WaitingTable::Take(Slot slot, EntryPtr entry) {
  RemoveFromIndexes(slot);
  Place& place = places_[slot];
  if (entry == nullptr || entry.get_deleter().slab == nullptr) entry = CopyOf(place);
  Half out = {std::move(entry), std::exchange(place.node, nullptr), TimeAt(slot)};
  Drop(&place);
  Unlink(slot);
  place.newer = free_;
  free_ = slot;
  --size_;
  return out;
}

void WaitingTable::Append(Queue* queue, Slot slot) {
  Place& place = places_[slot];
  Slot after = queue->newest;
  while (after != kNone && places_[after].arrival > place.arrival) after = places_[after].older;
  place.queue = queue;
  place.older = after;
  Slot& next = after == kNone ? queue->oldest : places_[after].newer;
  place.newer = next;
  (next == kNone ? queue->newest : places_[next].older) = slot;
  next = slot;
}

void WaitingTable::Unlink(Slot slot) {
  const Place& place = places_[slot];
  (place.older == kNone ? place.queue->oldest : places_[place.older].newer) = place.newer;
  (place.newer == kNone ? place.queue->newest : places_[place.newer].older) = place.older;
}

WaitingTable::Slot WaitingTable::Due(base::Nanos now) const {
  for (const auto& [window, queue] : queues_) {
    if (queue.oldest != kNone && places_[queue.oldest].arrival + window <= now) return queue.oldest;
  }
  return kNone;
}

WaitingTable::Slot WaitingTable::Oldest() const {
  Slot oldest = kNone;
  for (const auto& [window, queue] : queues_) {
    if (queue.oldest == kNone) continue;
    if (oldest == kNone || places_[queue.oldest].arrival < places_[oldest].arrival)
      oldest = queue.oldest;
  }
  return oldest;
}

}  // namespace traffictap::pairing
