// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/process_clock.h"

namespace traffictap::base {

// When a wait for something real ends: a socket, another process, a thread of a library. None of these
// knows a clock that a test turns, so this is the process's clock. Thread-safe.
class Deadline {
 public:
  // A wait of 0 or less has ended already. `clock` outlives the deadline.
  explicit Deadline(Nanos wait, const Clock* clock = ProcessClock())
      : clock_(clock), until_(clock->Monotonic() + wait) {}

  // 0: it is over.
  Nanos left() const { return std::max<Nanos>(0, until_ - clock_->Monotonic()); }

  // The same in milliseconds as poll(2) takes them, rounded up: a wait that long does not end early.
  int left_ms() const {
    const Nanos rounded_up = (left() + kMillisecond - 1) / kMillisecond;
    return static_cast<int>(std::min<Nanos>(rounded_up, std::numeric_limits<int>::max()));
  }

 private:
  const Clock* const clock_;
  const Nanos until_;
};

}  // namespace traffictap::base
