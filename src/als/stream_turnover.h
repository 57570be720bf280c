// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "als/grpc_session.h"
#include "base/clock.h"

namespace traffictap::als {

// Which streams are to end, so that their proxies open others and may come to another receiver: Envoy looks for one
// when it opens a stream, and stays there. Thread-safe.
class StreamTurnover {
 public:
  using Leave = StreamHandler::Leave;

  // How long a stream that has its age waits for a quiet moment: half of the greatest age, and so long that
  // a proxy which sends once a second, as Envoy does by itself, has some messages in it.
  static constexpr base::Nanos kPatienceMin = 5 * base::kSecond;
  // And one that has to go with everybody.
  static constexpr base::Nanos kEverybodysPatience = 2 * base::kSecond;

  // `age_max` 0: none but for Everybody. `clock` outlives it.
  StreamTurnover(base::Nanos age_max, const base::Clock* clock)
      : age_max_(age_max), patience_(std::max(age_max / 2, kPatienceMin)), clock_(clock) {}

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
  // What a stream with this end is to do: it waits for a quiet moment for a time, and then for none.
  Leave Due(base::Nanos end) const {
    const base::Nanos now = clock_->Monotonic(), everybody = everybody_;
    if (now < std::min(end, everybody)) return Leave::kNo;
    const bool waited = now - end >= patience_ || now - everybody >= kEverybodysPatience;
    return waited ? Leave::kNow : Leave::kWhenQuiet;
  }
  // From now on every stream is due.
  void Everybody() { everybody_ = clock_->Monotonic(); }

 private:
  const base::Nanos age_max_;
  const base::Nanos patience_;
  const base::Clock* const clock_;
  std::atomic<uint32_t> opened_{0};
  std::atomic<base::Nanos> everybody_{INT64_MAX};  // since when
};

}  // namespace traffictap::als
