// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::traffic {

// A record from its line of JSON: the reverse of AppendPairJson, and of protobuf's JSON mapping.
// Fields that this build does not know are skipped: newer collectors may write them.
// kInvalidArgument: the line is no record; the message names the field at fault. Thread-safe.
StatusOr<v1::TrafficPair> ReadPair(std::string_view line);

// How many requests the record stands for: 1 where it says none, or what cannot be.
double WeightOf(const v1::TrafficPair& record);

}  // namespace traffictap::traffic
