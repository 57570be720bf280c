// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace traffictap::base {

using Nanos = int64_t;

constexpr Nanos kMicrosecond = 1'000;
constexpr Nanos kMillisecond = 1'000'000;
constexpr Nanos kSecond = 1'000'000'000;

// The time, injected so that tests can turn it by hand. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since an arbitrary start; never goes back. All waiting and eviction uses this one.
  virtual Nanos Monotonic() const = 0;
  // Nanoseconds since the Unix epoch; may jump. Only for what a person reads.
  virtual Nanos Wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  Nanos Monotonic() const override {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
  Nanos Wall() const override {
    return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
};

}  // namespace traffictap::base
