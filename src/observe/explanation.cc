// SPDX-License-Identifier: Apache-2.0
#include "observe/explanation.h"

#include <algorithm>

#include "observe/cause.h"
#include "observe/meaning.h"
#include "observe/time_parts.h"

namespace traffictap::observe {
namespace {

std::vector<FlagNote> FlagsOf(const v1::TrafficPair& pair) {
  std::vector<FlagNote> out;
  const auto add = [&out](const v1::Side& side) {
    for (const auto& flag : side.flags()) {
      const bool known = std::any_of(out.begin(), out.end(),
                                     [&flag](const FlagNote& each) { return each.flag == flag; });
      if (!known) out.push_back({flag, FlagMeaning(flag)});
    }
  };
  add(pair.client());
  for (const auto& server : pair.server()) add(server);
  return out;
}

std::string MissingSide(const v1::TrafficPair& pair) {
  if (pair.orphan_reason().empty()) return {};
  const std::string side = pair.has_client() ? "server" : "client";
  std::string out = "The " + side + "'s side is missing (" + pair.orphan_reason() + ")";
  const auto why = OrphanMeaning(pair.orphan_reason());
  if (!why.empty()) out.append(": ").append(why);
  return out + ".";
}

}  // namespace

Explanation Explain(const v1::TrafficPair& pair) {
  Explanation out;
  out.cause = CauseOf(pair);
  if (pair.state().empty()) out.blame = VerdictMeaning(pair.verdict());
  out.missing = MissingSide(pair);
  out.flags = FlagsOf(pair);
  out.parts = PartsOf(pair);
  out.lanes = LanesOf(pair);
  out.note = ClockNote(pair);
  return out;
}

}  // namespace traffictap::observe
