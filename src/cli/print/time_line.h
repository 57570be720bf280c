// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/print/printer.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::cli::print {

// One record told for a person: what was asked of whom, who is to blame and why, what each side
// says, where the time went, and what every flag means. Texts of the traffic come out visible.
std::string TimeLineText(const v1::TrafficPair& pair, const Page& page);

}  // namespace traffictap::cli::print
