// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace traffictap::traffic {

// The little that tells of most records whether a filter wants them, in a fraction of the time that
// reading the record takes (RecordReader).
struct RecordSkim {
  std::string id;
  std::string verdict;
  std::string request_id;
  std::string method;           // empty where there is none
  std::string path;             // with its query; the same
  bool tcp = false;             // a connection: codes say nothing
  bool open = false;            // of a stream that had not ended
  bool reduced = false;         // a side may be hidden
  std::vector<uint32_t> codes;  // the response code of each side; 0 where it has none
};

}  // namespace traffictap::traffic
