// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tap/destination_spec.h"
#include "tap/parse_fault.h"

namespace traffictap::tap {

struct DestinationResult {
  std::vector<DestinationSpecPtr> destinations;  // only whole documents without any fault
  std::vector<ParseError> errors;
};

// Parses the TapDestination documents in `text`, with the bounds and the manners of ParseTaps.
DestinationResult ParseDestinations(const std::string& file, const std::string& text);

}  // namespace traffictap::tap
