// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "traffic/record_batch.h"

namespace traffictap::traffic {

// Appends `pair` to `out` as one JSON object without a line end, in the form of
// traffictap.v1.TrafficPair (proto/traffictap/v1/pair.proto) under protobuf's JSON mapping, but
// with empty fields left out. Bytes of a text that are not UTF-8 become U+FFFD; control characters
// are escaped, so the result is always one line.
void AppendPairJson(const RecordOrigin& origin, const TrafficPair& pair, std::string* out);

// The tap's name is a member of its own right behind the first bytes, whose number is the same in all
// records: with an empty name the rest is the same, and TapJson(tap) belongs there.
constexpr size_t kJsonBeforeTap =
    std::string_view(R"({"schemaVersion":"v1","id":"0123456789abcdef0123456789abcdef")").size();
std::string TapJson(std::string_view tap);

// The same with the id that the record had before.
void AppendRecordJson(std::string_view id, std::string_view tap, const TrafficPair& pair,
                      std::string* out);

}  // namespace traffictap::traffic
