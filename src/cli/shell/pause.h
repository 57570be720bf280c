// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "base/clock.h"

namespace traffictap::cli {

// Waits. False: `stop` was requested meanwhile.
bool Pause(base::Nanos duration, const std::stop_token& stop);

}  // namespace traffictap::cli
