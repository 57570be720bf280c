// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::reconcilers {

// What collectors say last, each with its taps sorted by name. Shared, since a report is about all taps
// and is read for each of them.
using Reports = std::vector<std::shared_ptr<const v1::CollectorReport>>;

}  // namespace traffictap::reconcilers
