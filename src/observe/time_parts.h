// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "observe/explanation.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::observe {

// Where the client's time went. Each part is of one clock, or of differences of such: clocks of
// different machines are never compared, so what lies between two attempts is told only where one
// pod took both.
std::vector<TimePart> PartsOf(const v1::TrafficPair& pair);

// What the lane of server(index) is called.
std::string ServerName(const v1::TrafficPair& pair, int index);

// Each side with its phases, one under the other: the last attempt begins with the first byte that
// the client's proxy sent onward, earlier ones before it by their own clocks.
std::vector<Lane> LanesOf(const v1::TrafficPair& pair);

// Where the server's start cannot be true beside the client's: before it, or after its end. The
// difference holds the way there, so that nothing is said of one that is only positive, and nothing
// of retries, whose earlier attempts it holds as well.
std::string ClockNote(const v1::TrafficPair& pair);

}  // namespace traffictap::observe
