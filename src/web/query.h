// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "observe/record_filter.h"

namespace traffictap::web {

// The parameters of a query in their order, decoded (application/x-www-form-urlencoded: '+' is a
// space). kInvalidArgument: a broken escape, or more than 64 parameters.
StatusOr<std::vector<observe::Parameter>> ParseQuery(const std::string& query);

}  // namespace traffictap::web
