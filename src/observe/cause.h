// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "traffictap/v1/pair.pb.h"

namespace traffictap::observe {

// What happened to a request or connection, in one or two sentences: who did what to whom, by the
// words of the side that knows best. Empty for a verdict that is newer than this build.
std::string CauseOf(const v1::TrafficPair& pair);

}  // namespace traffictap::observe
