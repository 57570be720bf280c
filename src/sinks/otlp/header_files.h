// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tap/output_spec.h"

namespace traffictap::sinks {

// The headers with the values that their files have now, without the line end at their end. Read
// for each request: a token that its issuer renews needs no restart. kFailedPrecondition: a file
// cannot be read, is empty, or has what no header may.
StatusOr<std::vector<std::pair<std::string, std::string>>> ReadHeaders(
    const std::vector<tap::OtlpHeader>& headers);

}  // namespace traffictap::sinks
