// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

// Times as Kubernetes and people write them: RFC 3339. Nanoseconds since the Unix epoch, as
// Clock::Wall gives them.
namespace traffictap::base {

// Empty where `text` is no such time, or one before 1970 or after 2255, where a taken number of
// nanoseconds would end.
std::optional<Nanos> ParseRfc3339(const std::string& text);

// In UTC with whole seconds, as metav1.Time is.
std::string FormatRfc3339(Nanos since_epoch);

}  // namespace traffictap::base
