// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "shuffle/block_outlet.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// Blocks into the topic of halves: idempotent, acks=all. What a producer had on its way when it failed
// for good, or its certificates changed, goes out again through the next one.
class KafkaOutlet final : public BlockOutlet {
 public:
  // `clock` outlives the outlet.
  KafkaOutlet(const ShuffleSettings& settings, const base::Clock* clock);
  ~KafkaOutlet() override;

  Status Open() override;
  void Send(uint32_t partition, std::string block, uint32_t count) override;
  void Poll(base::Nanos wait) override;
  void Close(base::Nanos wait) override;
  size_t bytes() const override;
  const OutletCounters& counters() const override;
  Status status() const override;

 private:
  class Producer;
  std::unique_ptr<Producer> producer_;
};

}  // namespace traffictap::shuffle
