// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "fanin/position.h"

namespace traffictap::fanin {

// What a caller asked for, as pairers are asked for it.
struct PairerQuery {
  std::string text;  // of the query, without `after`
  bool follow = false;
  std::optional<uint64_t> limit;
  Position from;
};

// `follow` is the name of the parameter that asks to go on. A `since` that counts back from now becomes a time, so that a pairer that is asked later is asked for
// the same. What a pairer refuses is left to it. kInvalidArgument: the query, or `after`.
StatusOr<PairerQuery> ReadQuery(const std::string& query, const std::string& follow,
                                base::Nanos wall);

// `query` with one parameter more.
std::string WithParameter(std::string query, const std::string& name, const std::string& value);

}  // namespace traffictap::fanin
