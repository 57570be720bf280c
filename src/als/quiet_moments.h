// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "als/grpc_session.h"
#include "base/clock.h"

namespace traffictap::als {

// Streams that end once nothing more has come of them for a while, in the order in which they began to
// wait. One thread at a time.
class QuietMoments {
 public:
  // Messages of a burst follow each other more closely than that.
  static constexpr base::Nanos kQuiet = 20 * base::kMillisecond;
  // A moment that is seen later than that is over: a proxy that sends every 0.2 s may have sent again.
  static constexpr base::Nanos kLate = 80 * base::kMillisecond;

  struct Moment {
    base::Nanos due;
    uint64_t connection;
    QuietWait wait;
  };

  void Add(uint64_t connection, const QuietWait& wait, base::Nanos now) {
    moments_.push_back({now + kQuiet, connection, wait});
  }
  // When the next one is due; INT64_MAX: there is none.
  base::Nanos next() const { return moments_.empty() ? INT64_MAX : moments_.front().due; }
  // The next one that is due and not over.
  std::optional<Moment> Take(base::Nanos now) {
    while (next() <= now) {
      const Moment out = moments_.front();
      moments_.pop_front();
      if (now - out.due <= kLate) return out;
    }
    return std::nullopt;
  }

 private:
  std::deque<Moment> moments_;
};

}  // namespace traffictap::als
