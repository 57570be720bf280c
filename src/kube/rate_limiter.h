// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"

namespace traffictap::kube {

// A token bucket. Tells how long to wait rather than waiting, so that a caller keeps its own
// deadline. Thread-safe.
class RateLimiter {
 public:
  // Starts full. `clock` outlives it.
  RateLimiter(double per_second, int burst, const base::Clock* clock);

  // Takes a token and returns how long the caller has to wait before using it, or takes nothing
  // where that would be longer than `wait_max`.
  std::optional<base::Nanos> Take(base::Nanos wait_max);

 private:
  const base::Nanos period_;  // one token
  const base::Nanos burst_;   // all tokens
  const base::Clock* const clock_;
  absl::Mutex mutex_;
  // When the bucket will be full again: tokens taken ahead of time push it into the future.
  base::Nanos full_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::kube
