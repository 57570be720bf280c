// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/hot_ids.h"
#include "pairing/pairer.h"
#include "pipeline/detour.h"
#include "pipeline/ingress.h"
#include "pipeline/proxy_directory.h"
#include "pipeline/tap_fan_out.h"

namespace traffictap::pipeline {

struct ShardOptions {
  size_t number = 0;  // also of its lane in each tap
  size_t queue_bytes_max = 0;
  size_t waiting_bytes_max = 0;
  size_t tombstones_max = 1;
  Detour* detour = nullptr;  // or null; outlives the shard
};

// One partition of the traffic (traffic/partition_key.h), from its queue to the taps: all halves of a
// request come to one shard. Belongs to one thread at a time; any thread may push into the queue and
// call what is const.
class Shard {
 public:
  // Both outlive the shard.
  Shard(const ShardOptions& options, ProxyDirectory* proxies, const base::Clock* clock);

  AdmittedQueue* queue() { return &queue_; }
  size_t queue_bytes() const { return queue_.bytes(); }

  const std::shared_ptr<TapsInForce>& in_force() const { return fan_out_.in_force(); }
  void SetTaps(std::shared_ptr<TapsInForce> in_force) { fan_out_.SetTaps(std::move(in_force)); }

  // Begins a turn: joins what the streams brought within `wait`, and within a few milliseconds more,
  // unless `wait` is 0. False: the queue is closed and was empty, so that nothing more comes.
  bool Take(base::Nanos wait);
  // As pairing::Pairer::RemoveTaps.
  void RemoveTaps(const traffic::TapSet& removed);
  // Ends the turn: lets windows end, or all of them with `last`, and gives the records to the outputs.
  void Finish(bool last);

  pairing::JoinCounters joins() const;
  size_t waiting_bytes() const;
  // When the last turn began. Monotonic.
  base::Nanos last_turn() const { return last_turn_; }

 private:
  const base::Clock* const clock_;
  Detour* const detour_;
  AdmittedQueue queue_;
  TapFanOut fan_out_;
  pairing::Pairer pairer_;
  pairing::HotIds hot_ids_;
  std::atomic<base::Nanos> last_turn_;
  mutable absl::Mutex mutex_;
  // As of the end of the last turn.
  pairing::JoinCounters joins_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::pipeline
