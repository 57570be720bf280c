// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/backoff.h"

#include <algorithm>

namespace traffictap::controller {

Backoff::Backoff(BackoffOptions options, uint32_t seed, const base::Clock* clock)
    : options_(options), clock_(clock), random_(seed) {}

base::Nanos Backoff::Next() {
  const base::Nanos now = clock_->Monotonic();
  const bool first = delay_ == 0 || now - last_call_ > options_.reset_after;
  last_call_ = now;
  delay_ = first
               ? options_.initial
               : std::min(options_.max,
                          static_cast<base::Nanos>(static_cast<double>(delay_) * options_.factor));
  std::uniform_real_distribution<double> part(0, options_.jitter);
  const auto jitter = static_cast<base::Nanos>(static_cast<double>(delay_) * part(random_));
  return std::min(options_.max, delay_ + jitter);
}

}  // namespace traffictap::controller
