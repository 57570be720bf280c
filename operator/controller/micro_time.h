// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"

namespace traffictap::controller {

// metav1.MicroTime: RFC 3339 in UTC with microseconds. `wall` as Clock::Wall gives it.
std::string MicroTime(base::Nanos wall);

}  // namespace traffictap::controller
