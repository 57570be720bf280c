// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

#include "base/clock.h"

namespace traffictap::als {

// What all streams of a server hold of messages that are not whole or not read yet, against one
// bound. Thread-safe.
class KeptBytes {
 public:
  explicit KeptBytes(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, and nothing taken, where there is no room.
  bool Take(size_t bytes) {
    if (held_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    Give(bytes);
    return false;
  }
  void Give(size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t held() const { return held_.load(std::memory_order_relaxed); }

  // Asked now and then: whether much was held at one of the times before, and little of it is left.
  // True once for each such time, and at most once in kSubsideEvery. `now`: monotonic.
  bool HasSubsided(base::Nanos now) {
    const size_t held_now = held();
    if (held_now > most_) most_ = held_now;
    base::Nanos told_at = told_at_;
    if (most_ < kMuchBytes || held_now > most_ / 8 || now - told_at < kSubsideEvery) return false;
    if (!told_at_.compare_exchange_strong(told_at, now)) return false;
    most_ = held_now;
    return true;
  }
  static constexpr size_t kMuchBytes = size_t{32} << 20;
  static constexpr base::Nanos kSubsideEvery = 60 * base::kSecond;

 private:
  const size_t bytes_max_;
  std::atomic<size_t> held_{0};
  std::atomic<size_t> most_{0};  // that HasSubsided has seen, since it was true
  std::atomic<base::Nanos> told_at_{-kSubsideEvery};
};

}  // namespace traffictap::als
