// SPDX-License-Identifier: Apache-2.0
#include "cli/print/distinct_records.h"

#include <utility>

#include "traffic/read_pair.h"

namespace traffictap::cli {

Status DistinctRecords::Add(v1::TrafficPair record) {
  const auto known = record.id().empty() ? places_.end() : places_.find(record.id());
  if (known != places_.end()) {
    v1::TrafficPair& former = records_[known->second];
    if (traffic::Replaces(record, former)) former = std::move(record);
    return absl::OkStatus();
  }
  if (records_.size() == most_) return absl::CancelledError("enough");
  if (!record.id().empty()) places_.emplace(record.id(), records_.size());
  records_.push_back(std::move(record));
  return absl::OkStatus();
}

}  // namespace traffictap::cli
