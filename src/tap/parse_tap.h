// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tap/parse_fault.h"
#include "tap/tap_spec.h"

namespace traffictap::tap {

struct ParseResult {
  std::vector<TapSpecPtr> taps;  // only whole documents without any fault
  std::vector<ParseError> errors;
  std::vector<ParseError> warnings;  // fields that were passed over, where that is allowed
};

// Parses the TrafficTap and ClusterTrafficTap documents in `text`, and those in the items of a List,
// as `kubectl get -o yaml` writes it. All faults are reported, not just the first. No exception
// leaves; documents of other kinds are faults. Bounds: 1 MiB, 64 levels, 100 000 nodes.
ParseResult ParseTaps(const std::string& file, const std::string& text,
                      BrokerForm form = BrokerForm::kInline,
                      UnknownFields unknown = UnknownFields::kRefuse);

}  // namespace traffictap::tap
