// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "traffic/record_mark.h"

namespace traffictap::fanin {

// The last records of a merged stream, so that one that two pairers have comes once: after a pairer
// has died, another one, or its own next life, may write the records of its last seconds again. Of the
// two the one that says more is shown, later than the other if need be. Not thread-safe.
class SeenRecords {
 public:
  // Remembers the last `most` records, in about 60 bytes each.
  explicit SeenRecords(size_t most) : most_(most) {}

  // Whether a record that came by this connection to a pairer is to be shown. What comes twice by one
  // is: of an open stream a pairer has newer records under the same id.
  bool Take(int connection, const traffic::RecordMark& record);

 private:
  struct Seen {
    int connection = 0;
    uint32_t sides = 0;
    bool open = false;
    double duration = 0;
  };
  const size_t most_;
  std::unordered_map<uint64_t, Seen> seen_;  // by a hash of id and tap
  std::deque<uint64_t> order_;
};

}  // namespace traffictap::fanin
