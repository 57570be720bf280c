// SPDX-License-Identifier: Apache-2.0
#include "fanin/position.h"

#include <algorithm>
#include <string_view>

#include "base/rfc3339.h"
#include "fmt/format.h"

namespace traffictap::fanin {

std::string WritePosition(const Position& position) {
  std::string out = position.since;
  for (const auto& [address, of] : position.of) out += fmt::format("|{}>{}", address, of);
  return out;
}

StatusOr<Position> ReadPosition(const std::string& text) {
  const auto bad = absl::InvalidArgumentError("after: not a position from a stream of this reader");
  if (text.ends_with('|')) return bad;
  Position out;
  std::string_view rest = text;
  for (bool first = true; first || !rest.empty(); first = false) {
    const auto part = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (first) {
      out.since = std::string(part);
      if (!part.empty() && !base::ParseRfc3339(out.since)) return bad;
      continue;
    }
    const size_t end = part.find('>');
    if (end == 0 || end == std::string_view::npos) return bad;
    out.of[std::string(part.substr(0, end))] = std::string(part.substr(end + 1));
  }
  return out;
}

}  // namespace traffictap::fanin
