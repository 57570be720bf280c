// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kube/object.h"

namespace traffictap::controller {

struct WorkQueueOptions {
  base::Nanos retry_delay_initial = 5 * base::kMillisecond;  // doubled per failure of the same key
  base::Nanos retry_delay_max = 1000 * base::kSecond;
};

// Keys that wait to be reconciled. A key waits at most once however often it is added, and is never
// handed out while a worker still has it: it comes again after Done. Thread-safe.
class WorkQueue {
 public:
  // `clock` outlives it.
  WorkQueue(WorkQueueOptions options, const base::Clock* clock);

  void Add(const kube::ObjectKey& key);
  // After `delay`, or earlier if that was asked for already.
  void AddAfter(const kube::ObjectKey& key, base::Nanos delay);
  // After the key's own delay, which doubles each time until Forget; at least `delay_min`.
  void AddAfterFailure(const kube::ObjectKey& key, base::Nanos delay_min = 0);
  // The key went well: its next failure starts with the small delay.
  void Forget(const kube::ObjectKey& key);

  // Waits for a key; none after `stop` is requested. The caller owns the key until Done.
  std::optional<kube::ObjectKey> Pop(const std::stop_token& stop);
  // Without waiting.
  std::optional<kube::ObjectKey> TryPop();
  void Done(const kube::ObjectKey& key);

  // Keys that could be popped now.
  size_t depth();
  // traffictap_queue_{depth,waiting} and traffictap_queue_{adds,retries}_total, each with
  // {queue=`name`}.
  void WriteMetrics(const std::string& name, base::MetricWriter& writer) const;

 private:
  void AddLocked(const kube::ObjectKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddAfterLocked(const kube::ObjectKey& key, base::Nanos delay)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Moves what is due into the ready ones.
  void Promote() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<kube::ObjectKey> TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkQueueOptions options_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<kube::ObjectKey> ready_ ABSL_GUARDED_BY(mutex_);
  std::set<kube::ObjectKey> dirty_ ABSL_GUARDED_BY(mutex_);  // ready, or to be after Done
  std::set<kube::ObjectKey> taken_ ABSL_GUARDED_BY(mutex_);
  std::map<kube::ObjectKey, base::Nanos> due_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<base::Nanos, kube::ObjectKey>> by_time_ ABSL_GUARDED_BY(mutex_);
  std::map<kube::ObjectKey, int> failures_ ABSL_GUARDED_BY(mutex_);
  double adds_ ABSL_GUARDED_BY(mutex_) = 0;
  double retries_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::controller
