// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace traffictap::traffic {

// The little of a record by which streams of several collectors are merged: when its request began,
// which record it is, and how much of it is there.
struct RecordMark {
  base::Nanos start = 0;  // since the Unix epoch; 0 where the record does not say
  std::string id;
  std::string tap;      // a request is one record of each tap that shows it
  uint32_t sides = 0;   // the client's and each server's, reduced ones as well
  bool open = false;    // a stream that had not ended
  double duration = 0;  // in milliseconds, the longer one of both sides
};

// `line` is a record as AppendPairJson writes it. False: it is no record, or has no id.
bool MarkRecord(std::string_view line, RecordMark* out);

// Whether `record` says no more than `other`, which has the same id and tap: a side more, a stream's
// end, or a longer time of an open one is more.
bool SaysNoMore(const RecordMark& record, const RecordMark& other);

}  // namespace traffictap::traffic
