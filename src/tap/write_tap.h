// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tap/tap_spec.h"

namespace traffictap::tap {

// The TrafficTap or ClusterTrafficTap document of `spec` as one line of JSON, fields sorted,
// defaults left out. What ParseTaps makes of it equals `spec` but for content_hash. Bytes that are
// not UTF-8 become U+FFFD.
std::string WriteTap(const TapSpec& spec);

}  // namespace traffictap::tap
