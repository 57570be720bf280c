#pragma once

#include <string_view>

#include "base/status.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::cli::print {

// A record from its line of JSON. Fields that this build does not know are skipped: newer
// collectors may write them. kInvalidArgument: the line is no record.
StatusOr<v1::TrafficPair> ReadPair(std::string_view line);

}  // namespace traffictap::cli::print
