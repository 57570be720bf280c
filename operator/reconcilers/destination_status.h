// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"
#include "tap/parse_fault.h"

namespace traffictap::reconcilers {

// The status of a TapDestination: Ready tells whether taps can name it, and what its faults are.
// Whether its brokers answer is told by the outputs that use it. Empty where the object says the
// same already. Pure.
std::optional<kube::Json> DestinationStatus(const kube::Object& destination,
                                            const std::vector<tap::ParseError>& faults,
                                            base::Nanos now);

}  // namespace traffictap::reconcilers
