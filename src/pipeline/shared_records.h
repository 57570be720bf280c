// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "traffic/record_batch.h"

namespace traffictap::pipeline {

// What those lanes of a thread have in common whose taps show every entry alike: of a pair that several
// of them take, the record is redacted, held and rendered once. One thread at a time, as its lanes.
class SharedRecords {
 public:
  // Gives `batch` the record of `pair` that another lane has Added. `number` is of the pair in hand:
  // one pair alone has it, though not all taps give it the same reason or weight. False: there is none.
  bool Give(uint64_t number, const traffic::TrafficPair& pair, traffic::RecordBatch* batch) const;
  // Makes the record, as RecordStore::Add, and gives it to `batch`, and to others until Forget or
  // another number.
  void Add(uint64_t number, const traffic::TrafficPair& pair,
           std::span<const traffic::NodePtr> nodes, const traffic::RecordStore::Redact& redact,
           traffic::RecordBatch* batch);
  // Lets go of what was made of the pair in hand.
  void Forget() { made_.clear(); }
  // To be called before a batch goes to other threads: nothing is added any more to what it holds.
  void Seal() { store_ = nullptr; }

 private:
  struct Made {
    traffic::TrafficPair of;  // never looked into: its entries may be gone
    std::shared_ptr<const traffic::RecordStore> store;
    uint32_t index;
  };

  std::shared_ptr<traffic::RecordStore> store_;  // null: the next record begins one
  uint64_t number_ = 0;
  std::vector<Made> made_;  // of the pair `number_`
};

}  // namespace traffictap::pipeline
