// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"

namespace traffictap::controller {

// A loop of the process, for who has to notice that it hangs.
struct Loop {
  std::string name;
  base::Nanos step = 0;  // how long it has been in its present step; 0: it waits for work
};

// Takes the time of a loop's steps. A step is what ends by itself: a call with a deadline, what is
// done with its answer. Waits between two tries are none, since they may be as long as a server
// asks for. One thread calls Begin and End; step is thread-safe.
class StepTimer {
 public:
  // `clock` outlives it.
  explicit StepTimer(const base::Clock* clock) : clock_(clock) {}

  // A step begins, where another one is under way as the next one.
  void Begin() { since_ = clock_->Monotonic(); }
  void End() { since_ = kNone; }

  // Of the present step; 0 between two.
  base::Nanos step() const {
    const base::Nanos since = since_;
    return since == kNone ? 0 : clock_->Monotonic() - since;
  }

 private:
  static constexpr base::Nanos kNone = -1;

  const base::Clock* const clock_;
  std::atomic<base::Nanos> since_{kNone};
};

}  // namespace traffictap::controller
