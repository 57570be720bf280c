// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {

// A record's line as JSON. kInvalidArgument: it is no object, or nests deeper than any record does.
StatusOr<nlohmann::ordered_json> ReadObject(std::string_view line);

}  // namespace traffictap::cli::print
