// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/clock.h"
#include "tap/tap_spec.h"

namespace traffictap::shuffle {

// A pairer's taps that were removed while the log may still have halves of theirs. Each stays in force
// until all partitions that the pairer owns have been read past its removal and its window, but not for
// longer than kMost. Not before kLeast: what a pairer that died had not read comes to others when its
// session has ended. The removal is by this machine's wall clock and a partition's time by the broker's:
// if they differ, a tap goes sooner or later by as much. Not thread-safe.
class RemovedTaps {
 public:
  static constexpr base::Nanos kLeast = 12 * base::kSecond;
  static constexpr base::Nanos kMost = 30 * base::kSecond;

  // `clock` outlives it.
  explicit RemovedTaps(const base::Clock* clock) : clock_(clock) {}

  // Those of `in_force` that are not `wanted` are removed now, unless they are here already.
  // False: there is none.
  bool Add(const std::vector<tap::TapSpecPtr>& in_force,
           const std::vector<tap::TapSpecPtr>& wanted);
  // Lets go of those whose names are among `wanted` again. False: there is none.
  bool Forget(const std::vector<tap::TapSpecPtr>& wanted);
  // Lets go of those whose time is over, as the partitions are read until then (by the broker's clock).
  // False: there is none.
  bool Expire(base::Nanos read_until);
  void Clear() { taps_.clear(); }

  bool empty() const { return taps_.empty(); }
  // What is to be in force: `wanted`, and those that stay for now.
  std::vector<tap::TapSpecPtr> With(std::vector<tap::TapSpecPtr> wanted) const;

 private:
  struct Removed {
    tap::TapSpecPtr tap;
    base::Nanos at = 0;     // monotonic
    base::Nanos until = 0;  // its removal and its window. Wall clock
  };

  const base::Clock* const clock_;
  std::vector<Removed> taps_;
};

}  // namespace traffictap::shuffle
