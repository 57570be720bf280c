// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <stop_token>

#include "base/clock.h"
#include "base/wait.h"

namespace traffictap::controller {

// Waits for a time; false where `stop` was requested meanwhile. Injected, so that tests neither
// wait nor race.
using Wait = std::function<bool(base::Nanos duration, const std::stop_token& stop)>;
using base::WaitOnClock;

struct BackoffOptions {
  // As client-go's reflector waits between tries.
  base::Nanos initial = 800 * base::kMillisecond;
  base::Nanos max = 30 * base::kSecond;
  double factor = 2;
  double jitter = 1;  // up to this part of the delay is added at random
  base::Nanos reset_after = 120 * base::kSecond;
};

// Growing delays between the tries of one loop. For one thread.
class Backoff {
 public:
  // `clock` outlives it.
  Backoff(BackoffOptions options, uint32_t seed, const base::Clock* clock);

  // The next delay. Small again after `reset_after` without a call.
  base::Nanos Next();

 private:
  const BackoffOptions options_;
  const base::Clock* const clock_;
  std::minstd_rand random_;
  base::Nanos delay_ = 0;
  base::Nanos last_call_ = 0;
};

}  // namespace traffictap::controller
