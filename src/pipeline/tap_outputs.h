// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "filter/pair_filter.h"
#include "sinks/sink.h"
#include "tap/tap_spec.h"
#include "traffic/record_batch.h"

namespace traffictap::pipeline {

struct TapOutput {
  tap::OutputSpec spec;
  std::unique_ptr<filter::PairFilter> match;
  std::shared_ptr<sinks::Sink> sink;  // shared only while an edited tap takes over; null: left
};

// Which records of a batch each output wants, by the outputs' numbers.
using WantedIndexes = std::vector<std::vector<uint32_t>>;

// Gives each output what it wants of the batch, and leaves nothing wanted.
inline void HandOut(const std::shared_ptr<const traffic::RecordBatch>& batch, WantedIndexes* wanted,
                    const std::vector<TapOutput>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto indexes = std::exchange((*wanted)[i], {});
    if (indexes.empty()) continue;
    if (indexes.size() == batch->size()) indexes.clear();
    outputs[i].sink->Offer({batch, std::move(indexes)});
  }
}

}  // namespace traffictap::pipeline
