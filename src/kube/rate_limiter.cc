// SPDX-License-Identifier: Apache-2.0
#include "kube/rate_limiter.h"

#include <algorithm>

namespace traffictap::kube {

RateLimiter::RateLimiter(double per_second, int burst, const base::Clock* clock)
    : period_(static_cast<base::Nanos>(static_cast<double>(base::kSecond) / per_second)),
      burst_(period_ * std::max(burst, 1)),
      clock_(clock),
      full_at_(clock->Monotonic()) {}

std::optional<base::Nanos> RateLimiter::Take(base::Nanos wait_max) {
  absl::MutexLock lock(&mutex_);
  const base::Nanos now = clock_->Monotonic();
  const base::Nanos full_at = std::max(full_at_, now) + period_;
  const base::Nanos wait = std::max<base::Nanos>(0, full_at - now - burst_);
  if (wait > wait_max) return std::nullopt;
  full_at_ = full_at;
  return wait;
}

}  // namespace traffictap::kube
