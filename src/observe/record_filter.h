// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "filter/pair_filter.h"
#include "observe/path_filter.h"
#include "observe/record_conditions.h"
#include "traffic/record_skim.h"
#include "traffic/traffic_pair.h"

namespace traffictap::observe {

// Whether a reader wants a record. Immutable: thread-safe.
class RecordFilter {
 public:
  // Parameters and their grammar are in observe/README.md. "not.NAME=VALUE" keeps out what
  // NAME=VALUE keeps. kInvalidArgument names the parameter, what is wrong, and what is allowed;
  // unknown names are refused too.
  static StatusOr<std::unique_ptr<RecordFilter>> Parse(const std::vector<Parameter>& parameters);

  bool Matches(const traffic::TrafficPair& pair) const;
  // False: no record of which a skim says this matches. Much cheaper than to read the record.
  bool MayMatch(const traffic::RecordSkim& skim) const;
  // True where every record matches.
  bool empty() const { return parts_.empty(); }

 private:
  struct Part {
    RecordConditions conditions;
    std::unique_ptr<filter::PairFilter> match;
    std::unique_ptr<PathFilter> paths;
    bool excludes = false;
    bool Holds(const traffic::TrafficPair& pair) const;
    bool MayHold(const traffic::RecordSkim& skim) const;
  };
  Status Add(RecordConditions conditions, bool excludes);

  std::vector<Part> parts_;
};

}  // namespace traffictap::observe
