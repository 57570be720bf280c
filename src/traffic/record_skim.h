// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace traffictap::traffic {

// The little that tells of most records that a filter does not want them, in a fraction of the time
// that reading the record takes.
struct RecordSkim {
  std::string verdict;
  std::string method;           // empty where there is none
  std::string path;             // with its query; the same
  bool tcp = false;             // a connection: codes say nothing
  std::vector<uint32_t> codes;  // the response code of each side; 0 where it has none
};

// `line` is a record as AppendPairJson writes it. False: it is no record, or not as expected; only
// ReadPair tells. Names and values that are not looked at may be wrong.
bool SkimRecord(std::string_view line, RecordSkim* out);

}  // namespace traffictap::traffic
