// SPDX-License-Identifier: Apache-2.0

// A key is in up to three places. dirty_: it has changed since a worker last took it. taken_: a
// worker has it. ready_: it is dirty and nobody has it, so the next Pop may hand it out; that is
// the invariant which keeps one key from two workers. A change of a taken key only makes it dirty,
// and Done puts it into ready_. due_ and by_time_ are one set of delayed keys in two orders, at
// most one time per key.
#include "operator/controller/work_queue.h"

#include <algorithm>

namespace traffictap::controller {
namespace {

// A delayed key is looked for at least this often: the clock may be one that a test turns.
constexpr base::Nanos kLookEvery = 100 * base::kMillisecond;

}  // namespace

WorkQueue::WorkQueue(WorkQueueOptions options, const base::Clock* clock)
    : options_(options), clock_(clock) {}

void WorkQueue::Add(const kube::ObjectKey& key) {
  absl::MutexLock lock(&mutex_);
  ++adds_;
  AddLocked(key);
}

void WorkQueue::AddLocked(const kube::ObjectKey& key) {
  if (!dirty_.insert(key).second || taken_.count(key) > 0) return;
  ready_.push_back(key);
  changed_.Signal();
}

void WorkQueue::AddAfter(const kube::ObjectKey& key, base::Nanos delay) {
  absl::MutexLock lock(&mutex_);
  AddAfterLocked(key, delay);
}

void WorkQueue::AddAfterLocked(const kube::ObjectKey& key, base::Nanos delay) {
  if (delay <= 0) {
    AddLocked(key);
    return;
  }
  const base::Nanos at = clock_->Monotonic() + delay;
  const auto [found, added] = due_.emplace(key, at);
  if (!added && found->second <= at) return;
  if (!added) by_time_.erase({found->second, key});
  found->second = at;
  by_time_.insert({at, key});
  changed_.Signal();
}

void WorkQueue::AddAfterFailure(const kube::ObjectKey& key, base::Nanos delay_min) {
  absl::MutexLock lock(&mutex_);
  ++retries_;
  const int failures = failures_[key]++;
  base::Nanos delay = options_.retry_delay_initial;
  for (int i = 0; i < failures && delay < options_.retry_delay_max; ++i) delay *= 2;
  AddAfterLocked(key, std::max(delay_min, std::min(delay, options_.retry_delay_max)));
}

void WorkQueue::Forget(const kube::ObjectKey& key) {
  absl::MutexLock lock(&mutex_);
  failures_.erase(key);
}

void WorkQueue::Promote() {
  const base::Nanos now = clock_->Monotonic();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const kube::ObjectKey key = by_time_.begin()->second;
    by_time_.erase(by_time_.begin());
    due_.erase(key);
    if (dirty_.insert(key).second && taken_.count(key) == 0) ready_.push_back(key);
  }
}

std::optional<kube::ObjectKey> WorkQueue::TakeLocked() {
  Promote();
  if (ready_.empty()) return std::nullopt;
  const kube::ObjectKey key = ready_.front();
  ready_.pop_front();
  dirty_.erase(key);
  taken_.insert(key);
  return key;
}

std::optional<kube::ObjectKey> WorkQueue::TryPop() {
  absl::MutexLock lock(&mutex_);
  return TakeLocked();
}

std::optional<kube::ObjectKey> WorkQueue::Pop(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    absl::MutexLock lock(&mutex_);
    changed_.SignalAll();
  });
  absl::MutexLock lock(&mutex_);
  while (!stop.stop_requested()) {
    if (auto key = TakeLocked()) return key;
    if (by_time_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    const base::Nanos until = by_time_.begin()->first - clock_->Monotonic();
    changed_.WaitWithTimeout(&mutex_, absl::Nanoseconds(std::min(until, kLookEvery)));
  }
  return std::nullopt;
}

void WorkQueue::Done(const kube::ObjectKey& key) {
  absl::MutexLock lock(&mutex_);
  taken_.erase(key);
  if (dirty_.count(key) == 0) return;
  ready_.push_back(key);
  changed_.Signal();
}

size_t WorkQueue::depth() {
  absl::MutexLock lock(&mutex_);
  Promote();
  return ready_.size();
}

void WorkQueue::WriteMetrics(const std::string& name, base::MetricWriter& writer) const {
  absl::MutexLock lock(&mutex_);
  const base::MetricLabels labels = {{"queue", name}};
  writer.Gauge("traffictap_queue_depth", "Keys waiting for a worker.", labels,
               static_cast<double>(ready_.size()));
  writer.Gauge("traffictap_queue_waiting", "Keys scheduled for later.", labels,
               static_cast<double>(by_time_.size()));
  writer.Counter("traffictap_queue_adds_total", "Keys added because of a change.", labels, adds_);
  writer.Counter("traffictap_queue_retries_total",
                 "Keys added again after a failed reconciliation.", labels, retries_);
}

}  // namespace traffictap::controller
