// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "observe/record_filter.h"
#include "replay/rejoiner.h"

namespace traffictap::replay {

struct ReplayOptions {
  std::vector<std::string> paths;  // files, directories, "-"
  std::shared_ptr<const observe::RecordFilter> filter;
  // Not looked at with pair_again: which records may be wanted besides, or empty: all. Those that are
  // not count as filtered.
  std::function<bool(const traffic::RecordSkim&)> may_want = nullptr;
  // on_record looks at the line and the start of a record alone: the rest may be empty.
  bool lines_alone = false;
  bool pair_again = false;
  base::Nanos window = 0;  // of pair_again
  std::stop_token stop;
};

// Without pair_again: read.records = kept + filtered. With it: read.records = rejoin.whole +
// rejoin.incomplete + rejoin.copies, and what comes out of that is kept + filtered.
struct ReplayCounters {
  ReadCounters read;
  RejoinCounters rejoin;
  uint64_t filtered = 0;
  uint64_t kept = 0;
};

// A record that the filter wants, and `may_want` does not rule out; `pair` has no entry where the record
// hides all its sides. An error ends the replay with it.
using OnRecord = std::function<Status(const Record& record, const traffic::TrafficPair& pair)>;

// Reads the files from the earliest record to the last one. kCancelled: `stop`. Files that end too
// early are no error: counters->read.broken. kNotFound, kPermissionDenied, kInvalidArgument: a path.
Status ReplayFiles(const ReplayOptions& options, const OnRecord& on_record,
                   ReplayCounters* counters);

}  // namespace traffictap::replay
