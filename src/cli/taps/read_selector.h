// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tap/tap_spec.h"

namespace traffictap::cli {

// A label selector as kubectl's -l takes it: "app=cart,version in (v1, v2)". Pods are selected that
// have all labels of one of the alternatives; a tap has a target for each. kInvalidArgument: it is
// none, or says something that a tap cannot: !=, notin, and keys alone.
StatusOr<std::vector<tap::Labels>> ReadSelector(const std::string& text);

}  // namespace traffictap::cli
