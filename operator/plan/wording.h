// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tap/tap_spec.h"

namespace traffictap::plan {

// "a", "a and b", "a, b and c", "a, b, c and 4 more": status is read by people and bounded in size.
std::string Listed(const std::vector<std::string>& names);

// "1 pod", "3 pods", "2 patches", "2 proxies".
std::string Counted(size_t count, const char* noun);

// "app=cart,version=v1", as kubectl writes labels.
std::string LabelsText(const tap::Labels& labels);

}  // namespace traffictap::plan
