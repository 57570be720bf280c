// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tap/tap_spec.h"
#include "traffic/traffic_pair.h"

namespace re2 {
class RE2;
}

namespace traffictap::observe {

// Paths with their queries, which a tap does not compare. The value of a query parameter that the
// tap has redacted is like any value. Immutable: thread-safe.
class PathFilter {
 public:
  // kInvalidArgument: a regex does not compile.
  static StatusOr<std::unique_ptr<PathFilter>> Create(const std::vector<tap::PathMatch>& paths);
  ~PathFilter();

  // Whether any entry of the record has any of the paths; true where there is none.
  bool Matches(const traffic::TrafficPair& pair) const;

 private:
  struct Pattern;
  PathFilter();
  bool MatchesAny(const traffic::PackedEntry& entry) const;

  std::vector<Pattern> patterns_;
};

}  // namespace traffictap::observe
