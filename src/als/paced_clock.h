// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/synchronization/mutex.h"
#include "base/clock.h"

namespace traffictap::als {

// A clock whose monotonic time runs at a pace that can be changed: in StreamTurnover's hands, how fast streams grow
// old. Never goes back and never jumps, so that no change makes many streams due together. Thread-safe.
class PacedClock final : public base::Clock {
 public:
  // Runs as `clock` does until somebody sets a pace. `clock` outlives it.
  explicit PacedClock(const base::Clock* clock)
      : clock_(clock), changed_(clock->Monotonic()), shown_(changed_) {}

  // From now on: 1 as `clock`, 0.5 half as fast. Above 0.
  void SetPace(double pace) {
    absl::MutexLock lock(&mutex_);
    const base::Nanos now = clock_->Monotonic();
    shown_ = ShownAt(now);
    changed_ = now;
    pace_ = pace;
  }
  double pace() const {
    absl::MutexLock lock(&mutex_);
    return pace_;
  }

  base::Nanos Monotonic() const override {
    absl::MutexLock lock(&mutex_);
    return ShownAt(clock_->Monotonic());
  }
  base::Nanos Wall() const override { return clock_->Wall(); }

 private:
  base::Nanos ShownAt(base::Nanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return shown_ + static_cast<base::Nanos>(static_cast<double>(now - changed_) * pace_);
  }

  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  base::Nanos changed_ ABSL_GUARDED_BY(mutex_);  // when the pace was, by `clock`
  base::Nanos shown_ ABSL_GUARDED_BY(mutex_);    // the time here at that moment
  double pace_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace traffictap::als
