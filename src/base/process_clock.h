// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"

namespace traffictap::base {

// The process's system clock. It is never destroyed, so that threads which nobody waits for may use
// it.
inline const Clock* ProcessClock() {
  static const auto* clock = new SystemClock;
  return clock;
}

}  // namespace traffictap::base
