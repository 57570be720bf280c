// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::cli {

// Records in the order in which they came, one of each id: a stream has many while it is open, and other
// taps and pairers may have one of the same request. What replaces a record (traffic::Replaces) takes its
// place. Those without an id are all kept.
class DistinctRecords {
 public:
  explicit DistinctRecords(size_t most) : most_(most) {}

  // kCancelled: it would be one more than `most`.
  Status Add(v1::TrafficPair record);
  const std::vector<v1::TrafficPair>& all() const { return records_; }

 private:
  const size_t most_;
  std::vector<v1::TrafficPair> records_;
  std::unordered_map<std::string, size_t> places_;  // of records_, by their ids
};

}  // namespace traffictap::cli
