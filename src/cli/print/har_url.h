// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "traffictap/v1/pair.pb.h"

namespace traffictap::cli::print {

// The request's URL (RFC 3986): what may not stand in one is percent-encoded. An authority or a
// path that is missing is the called address and "/".
std::string HarUrl(const v1::TrafficPair& pair);

}  // namespace traffictap::cli::print
