// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "traffic/entry_batch.h"
#include "traffic/traffic_pair.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::replay {

// The entries that a record was made of, as far as it tells of them. What only the reporter's side
// was asked for (headers, bytes, the words of the request) stands in every entry.
struct RecordEntries {
  std::vector<std::unique_ptr<traffic::EntryBatch>> sides;  // one entry each, client first
  std::vector<const traffic::PackedEntry*> servers;
  traffic::TrafficPair pair;  // views into the above, with the record's verdict and orphan reason
  bool reduced = false;       // a side is only its code: it is left out of the above
};

// What the record says itself; the first of the enumeration where it says nothing known.
traffic::Verdict VerdictOf(const v1::TrafficPair& record);
traffic::OrphanReason OrphanReasonOf(const v1::TrafficPair& record);

// Makes entries of records. One node of each proxy serves all its entries; beyond kNodeBytesMax of
// nodes each entry gets its own. Names are cut to 1 KiB. Used by one thread.
class EntryMaker {
 public:
  static constexpr size_t kNodeBytesMax = size_t{64} << 20;

  // Where the record has no side that can be seen there is no entry either, and `pair` is empty.
  RecordEntries Make(const v1::TrafficPair& record);

  // What the nodes that are kept take up, about.
  size_t node_bytes() const { return node_bytes_; }

 private:
  traffic::NodePtr NodeOf(const v1::Workload& end, const std::string& pod);

  std::unordered_map<std::string, traffic::NodePtr> nodes_;
  size_t node_bytes_ = 0;
};

}  // namespace traffictap::replay
