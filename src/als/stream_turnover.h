// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace traffictap::als {

// Which streams are to end, so that their proxies open others and may come to another receiver: Envoy looks for one
// when it opens a stream, and stays there. Thread-safe.
class StreamTurnover {
 public:
  // `age_max` 0: none but for Everybody. `clock` outlives it.
  StreamTurnover(base::Nanos age_max, const base::Clock* clock)
      : age_max_(age_max), clock_(clock) {}

  // For a stream that opens now: when it is to end, between a third of the greatest age and all of it. Streams
  // that open at once end apart: evenly over that time, however many they are.
  base::Nanos NextEnd() {
    if (age_max_ == 0) return INT64_MAX;
    // Steps of the golden ratio leave no gaps and make no heaps.
    const uint32_t step = ++opened_ * 2'654'435'769u;
    const base::Nanos spread = age_max_ - age_max_ / 3;
    return clock_->Monotonic() + age_max_ - spread +
           static_cast<base::Nanos>(static_cast<double>(spread) * step / UINT32_MAX);
  }
  bool Due(base::Nanos end) const {
    if (everybody_) return true;
    return end != INT64_MAX && clock_->Monotonic() >= end;
  }
  // From now on every stream is due.
  void Everybody() { everybody_ = true; }

 private:
  const base::Nanos age_max_;
  const base::Clock* const clock_;
  std::atomic<uint32_t> opened_{0};
  std::atomic<bool> everybody_{false};
};

}  // namespace traffictap::als
