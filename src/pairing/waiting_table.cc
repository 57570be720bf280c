// SPDX-License-Identifier: Apache-2.0

// Each half is in one queue (of its window's length), in by_connection_, in by_request_ and, while
// its stream is open, in by_stream_, or its place is on the list of free ones. Queues are
// sorted by arrival, which costs nothing: halves come in that order, but for those of open streams
// that are restored from a log. All of a queue wait equally long, so the oldest is always the first
// to end; Due looks at one half per length. The indexes keep the halves of one key
// in the order in which they came, one key for each side: whoever asks for the oldest of the other
// side finds it first, however many of its own side wait there. Slots are numbers that stay where
// they are, so that the indexes can link through them; entries live in a slab, since the allocator's
// own bookkeeping would be a tenth of each.
// Called from the pairer alone, on its thread.
#include "pairing/waiting_table.h"

#include <algorithm>
#include <utility>

namespace traffictap::pairing {
namespace {

// Lengths of windows seen; beyond it those without a half are forgotten.
constexpr size_t kIdleQueuesMax = 64;

}  // namespace

WaitingTable::Slot WaitingTable::Add(const traffic::PackedEntry& entry,
                                     const traffic::NodePtr& node, const HalfTime& time) {
  Slot slot = free_;
  if (slot == kNone) {
    slot = static_cast<Slot>(halves_.size());
    halves_.emplace_back();
  } else {
    free_ = halves_[slot].newer;
  }
  halves_[slot].half = {
      {nullptr, FreeEntry{&slab_}}, node, time.arrival, time.window, time.position};
  if (queues_.size() > kIdleQueuesMax) {
    std::erase_if(queues_, [](const auto& queue) { return queue.second.oldest == kNone; });
  }
  Append(&queues_[time.window], slot);
  Store(slot, entry);
  ++size_;
  return slot;
}

void WaitingTable::Store(Slot slot, const traffic::PackedEntry& entry) {
  auto* bytes = static_cast<std::byte*>(slab_.Allocate(entry.bytes));
  std::copy_n(reinterpret_cast<const std::byte*>(&entry), entry.bytes, bytes);
  halves_[slot].half.entry.reset(reinterpret_cast<traffic::PackedEntry*>(bytes));
  by_connection_.Add(slot, Sided(ConnectionOf(entry), IsClient(entry)));
  by_request_.Add(slot, Listed(RequestOf(entry), ListOf(entry)));
  by_stream_.Add(slot, IsOpen(entry) ? StreamKey(entry) : 0);
}

void WaitingTable::Replace(Slot slot, const traffic::PackedEntry& entry,
                           const traffic::NodePtr& node, uint64_t position) {
  RemoveFromIndexes(slot);
  Store(slot, entry);
  halves_[slot].half.node = node;
  halves_[slot].half.position = position;
}

void WaitingTable::RemoveFromIndexes(Slot slot) {
  by_connection_.Remove(slot);
  by_request_.Remove(slot);
  by_stream_.Remove(slot);
}

WaitingTable::Half WaitingTable::Take(Slot slot) {
  RemoveFromIndexes(slot);
  Unlink(slot);
  Half out = std::exchange(halves_[slot].half, Half{});
  halves_[slot].newer = free_;
  free_ = slot;
  --size_;
  return out;
}

void WaitingTable::Append(Queue* queue, Slot slot) {
  Place& place = halves_[slot];
  Slot after = queue->newest;
  while (after != kNone && at(after).arrival > place.half.arrival) after = halves_[after].older;
  place.queue = queue;
  place.older = after;
  Slot& next = after == kNone ? queue->oldest : halves_[after].newer;
  place.newer = next;
  (next == kNone ? queue->newest : halves_[next].older) = slot;
  next = slot;
}

void WaitingTable::Unlink(Slot slot) {
  const Place& place = halves_[slot];
  (place.older == kNone ? place.queue->oldest : halves_[place.older].newer) = place.newer;
  (place.newer == kNone ? place.queue->newest : halves_[place.newer].older) = place.older;
}

WaitingTable::Slot WaitingTable::Due(base::Nanos now) const {
  for (const auto& [window, queue] : queues_) {
    if (queue.oldest != kNone && at(queue.oldest).arrival + window <= now) return queue.oldest;
  }
  return kNone;
}

WaitingTable::Slot WaitingTable::Oldest() const {
  Slot oldest = kNone;
  for (const auto& [window, queue] : queues_) {
    if (queue.oldest == kNone) continue;
    if (oldest == kNone || at(queue.oldest).arrival < at(oldest).arrival) oldest = queue.oldest;
  }
  return oldest;
}

}  // namespace traffictap::pairing
