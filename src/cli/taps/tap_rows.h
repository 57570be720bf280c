// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "kube/object.h"

namespace traffictap::cli {

// Taps as rows of a table: from a TrafficTap or ClusterTrafficTap, or (`standalone`) from what a
// collector says of one in /api/v1/taps. What is not known reads "-".
std::vector<std::string> TapHeadings(bool standalone, bool wide);
std::vector<std::string> TapRow(const kube::Json& tap, bool standalone, bool wide, base::Nanos now);

// One of status.targets: "Service/catalog", "Pod/app=cart,version=v1".
std::string TargetText(const kube::Json& target);

// "shop/errors".
std::string TapName(const kube::Json& tap, bool standalone);

// "45s", "12m", "3h", "9d": as kubectl writes ages.
std::string AgeText(base::Nanos age);

}  // namespace traffictap::cli
