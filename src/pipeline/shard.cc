// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shard.h"

namespace traffictap::pipeline {
namespace {

// A turn wakes each output that gets a record, and without a pause each message would begin one. Where
// messages are few, nobody misses ten milliseconds: a proxy keeps its entries for up to a second. Where
// they are many, there is always enough.
constexpr base::Nanos kLinger = 10 * base::kMillisecond;
constexpr size_t kEnoughBytes = size_t{1024} << 10;

pairing::PairerOptions PairingOf(const ShardOptions& options, const TapFanOut* fan_out) {
  pairing::PairerOptions out;
  out.waiting_bytes_max = options.waiting_bytes_max;
  out.tombstones_max = options.tombstones_max;
  out.window = [fan_out](const traffic::TapSet& taps) {
    return fan_out->in_force()->table->Window(taps);
  };
  return out;
}

}  // namespace

Shard::Shard(const ShardOptions& options, ProxyDirectory* proxies, const base::Clock* clock)
    : clock_(clock),
      detour_(options.detour),
      queue_(options.queue_bytes_max),
      fan_out_(proxies, options.number),
      pairer_(PairingOf(options, &fan_out_), proxies, &fan_out_),
      last_turn_(clock->Monotonic()) {
  if (detour_ != nullptr) detour_->Start(&fan_out_, proxies);
}

bool Shard::Take(base::Nanos wait) {
  last_turn_ = clock_->Monotonic();
  // Asked first: what is pushed before the queue closes is taken in this turn or the next one.
  const bool closed = queue_.closed();
  if (detour_ != nullptr) return detour_->Take(&queue_, in_force(), wait) || !closed;
  const auto batches = queue_.PopAll(wait, wait > 0 ? kLinger : 0, kEnoughBytes);
  for (const auto& batch : batches) {
    const auto& in_force = fan_out_.in_force();
    if (batch.table != in_force->table) {
      for (auto* entry : batch.entries->entries()) {
        entry->taps = in_force->table->Surviving(entry->taps, *batch.table);
      }
    }
    for (const auto* entry : batch.entries->entries()) hot_ids_.See(*entry);
    pairer_.Add(*batch.entries, clock_->Monotonic());
  }
  return !closed || !batches.empty();
}

void Shard::RemoveTaps(const traffic::TapSet& removed) {
  if (detour_ != nullptr) return detour_->RemoveTaps(removed);
  pairer_.RemoveTaps(removed, clock_->Monotonic());
}

void Shard::Finish(bool last) {
  pairer_.Advance(clock_->Monotonic());
  if (last) pairer_.Flush(clock_->Monotonic());
  if (in_force()) {
    for (const auto& runtime : in_force()->runtimes) {
      if (runtime) runtime->lane(fan_out_.thread()).Deliver();
    }
  }
  if (detour_ != nullptr) detour_->Finish(last);
  if (const auto hot = hot_ids_.Look(clock_->Monotonic())) pairing::LogHotId(*hot);
  absl::MutexLock lock(&mutex_);
  joins_ = detour_ != nullptr ? detour_->joins() : pairer_.counters();
  waiting_bytes_ = detour_ != nullptr ? detour_->waiting_bytes() : pairer_.waiting_bytes();
}

pairing::JoinCounters Shard::joins() const {
  absl::MutexLock lock(&mutex_);
  return joins_;
}

size_t Shard::waiting_bytes() const {
  absl::MutexLock lock(&mutex_);
  return waiting_bytes_;
}

}  // namespace traffictap::pipeline
