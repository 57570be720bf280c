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

// What a skim tells of whether a record is wanted.
enum class Wanted { kNo, kMaybe, kYes };

// Whether a reader wants a record. Immutable: thread-safe.
class RecordFilter {
 public:
  // Parameters and their grammar are in observe/README.md. "not.NAME=VALUE" keeps out what
  // NAME=VALUE keeps. kInvalidArgument names the parameter, what is wrong, and what is allowed;
  // unknown names are refused too.
  static StatusOr<std::unique_ptr<RecordFilter>> Parse(const std::vector<Parameter>& parameters);

  bool Matches(const traffic::TrafficPair& pair) const;
  // What Matches says of every record of which a skim says this, or kMaybe; kYes holds where the record
  // is sound (RecordReader::IsSound). Much cheaper than to read the record.
  Wanted Judge(const traffic::RecordSkim& skim) const;
  // True where every record matches.
  bool empty() const { return parts_.empty(); }

 private:
  struct Part {
    RecordConditions conditions;
    std::unique_ptr<filter::PairFilter> match;
    std::unique_ptr<PathFilter> paths;
    bool excludes = false;
    bool of_skim = false;  // it asks for nothing that a skim of a plain record does not tell
    bool Holds(const traffic::TrafficPair& pair) const;
    Wanted Judge(const traffic::RecordSkim& skim) const;
  };
  Status Add(RecordConditions conditions, bool excludes);

  std::vector<Part> parts_;
};

}  // namespace traffictap::observe
