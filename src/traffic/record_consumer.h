// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "traffic/record_batch.h"

namespace traffictap::traffic {

// Takes the batches of all taps besides the taps' own outputs. Called by the pairing threads, also by
// several at once; never blocks, and outlives the pipeline.
class RecordConsumer {
 public:
  virtual ~RecordConsumer() = default;
  // `batch` is not empty; its origin says which tap it is of.
  virtual void Consume(std::shared_ptr<const RecordBatch> batch) = 0;
};

}  // namespace traffictap::traffic
