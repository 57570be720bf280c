// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace traffictap::base {

// A queue bounded by the bytes of what waits in it. Any number of threads push, one pops. Pushing
// never waits: a full queue refuses, and the caller counts the loss. Order is kept per pushing
// thread.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False where the item does not fit or the queue is closed; then `item` is left as it was. An
  // item larger than the whole queue is accepted by an empty one, so that a bound set too low slows
  // but never blocks for ever.
  bool TryPush(T&& item, size_t bytes) {
    absl::MutexLock lock(&mutex_);
    if (closed_ || (bytes_ + bytes > bytes_max_ && bytes_ > 0)) return false;
    bytes_ += bytes;
    items_.emplace_back(std::move(item), bytes);
    return true;
  }

  // Waits at most `wait` for an item, and with one at most `linger` for more, until they have
  // `enough` bytes or a quarter of the bound; then takes all that are there, oldest first. Empty after a
  // time-out, or at once when the queue is closed and drained.
  std::vector<T> PopAll(Nanos wait, Nanos linger = 0, size_t enough = 0) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &BoundedQueue::HasItemOrClosed),
                            absl::Nanoseconds(wait));
    if (linger > 0 && !items_.empty()) {
      const size_t goal = std::min(enough, bytes_max_ / 4);
      const auto has_enough = [this, goal]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return closed_ || bytes_ >= goal;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&has_enough), absl::Nanoseconds(linger));
    }
    std::vector<T> out;
    out.reserve(items_.size());
    for (auto& [item, bytes] : items_) out.push_back(std::move(item));
    items_.clear();
    bytes_ = 0;
    return out;
  }

  // Refuses every later push; what waits can still be popped.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  bool closed() const {
    absl::MutexLock lock(&mutex_);
    return closed_;
  }

  size_t bytes() const {
    absl::MutexLock lock(&mutex_);
    return bytes_;
  }

 private:
  bool HasItemOrClosed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || !items_.empty();
  }

  const size_t bytes_max_;
  mutable absl::Mutex mutex_;
  std::deque<std::pair<T, size_t>> items_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace traffictap::base
