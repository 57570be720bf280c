// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "base/clock.h"

namespace traffictap::fakes {

// A clock that stands still until a test turns it. Thread-safe.
class ManualClock final : public base::Clock {
 public:
  base::Nanos Monotonic() const override { return monotonic_; }
  base::Nanos Wall() const override { return wall_; }

  void Advance(base::Nanos by) {
    monotonic_ += by;
    wall_ += by;
  }
  // As NTP does: only what a person reads jumps.
  void JumpWall(base::Nanos by) { wall_ += by; }

 private:
  std::atomic<base::Nanos> monotonic_{1'000 * base::kSecond};
  std::atomic<base::Nanos> wall_{1'700'000'000 * base::kSecond};
};

}  // namespace traffictap::fakes
