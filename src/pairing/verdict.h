#pragma once

#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Who is to blame, from what both sides (or the one that is there) say. Pure.
traffic::Verdict Judge(const traffic::TrafficPair& pair);

}  // namespace traffictap::pairing
