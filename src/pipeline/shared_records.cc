// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shared_records.h"

#include <algorithm>
#include <utility>

namespace traffictap::pipeline {
namespace {

using traffic::TrafficPair;

// Of one number, so that the same places are the same entries.
bool Same(const TrafficPair& a, const TrafficPair& b) {
  return a.client == b.client && a.servers.data() == b.servers.data() &&
         a.servers.size() == b.servers.size() && a.verdict == b.verdict &&
         a.orphan_reason == b.orphan_reason && a.weight == b.weight;
}

}  // namespace

bool SharedRecords::Give(uint64_t number, const TrafficPair& pair,
                         traffic::RecordBatch* batch) const {
  if (number != number_) return false;
  const auto made =
      std::find_if(made_.begin(), made_.end(), [&](const Made& one) { return Same(one.of, pair); });
  if (made == made_.end()) return false;
  batch->AddShared(made->store, made->index);
  return true;
}

void SharedRecords::Add(uint64_t number, const TrafficPair& pair,
                        std::span<const traffic::NodePtr> nodes,
                        const traffic::RecordStore::Redact& redact, traffic::RecordBatch* batch) {
  if (std::exchange(number_, number) != number) made_.clear();
  if (!store_) store_ = std::make_shared<traffic::RecordStore>();
  made_.push_back({pair, store_, store_->Add(pair, nodes, redact)});
  batch->AddShared(store_, made_.back().index);
}

}  // namespace traffictap::pipeline
