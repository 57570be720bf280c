// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "base/clock.h"

namespace traffictap::base {

// Waits for a time of the process's own clock. False: `stop` was requested, before or meanwhile.
bool WaitOnClock(Nanos duration, const std::stop_token& stop);

}  // namespace traffictap::base
