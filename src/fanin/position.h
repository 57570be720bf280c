// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/status.h"

namespace traffictap::fanin {

// Where a merged stream is: a position of each pairer. As text "SINCE|ADDRESS>POSITION|…".
struct Position {
  // RFC 3339, or empty: from when on to read a pairer that has no position here.
  std::string since;
  std::map<std::string, std::string> of;  // by the pairer's address
};

std::string WritePosition(const Position& position);
// kInvalidArgument: not what WritePosition wrote.
StatusOr<Position> ReadPosition(const std::string& text);

}  // namespace traffictap::fanin
