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

// Whether a reader puts `record` into the place of `former`, which came before it under the same id: it
// has a side more, ends a stream that was open, or is a newer record of it. Another tap may show less of
// a request, and a pairer that takes over from one that died may have one side alone.
bool Replaces(const v1::TrafficPair& record, const v1::TrafficPair& former);

}  // namespace traffictap::traffic
