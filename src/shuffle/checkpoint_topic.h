// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shuffle/checkpoint_writer.h"
#include "shuffle/kafka_client.h"
#include "shuffle/pairer_log.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// The topic of checkpoints, and the pairer's ticks into that of the halves: all that a pairer writes.
// Used by one thread.
class CheckpointTopic final : public KafkaClient {
 public:
  explicit CheckpointTopic(const ShuffleSettings& settings);
  ~CheckpointTopic() override;

  // Where there is no client yet.
  Status Open();
  // Writes the checkpoints and waits until the log has them, some seconds at most: their offsets, by
  // partition.
  StatusOr<std::map<uint32_t, int64_t>> Write(const std::vector<StateToSave>& states);
  // The first of the group's checkpoints in each partition from that offset on. Where the one at the
  // offset is gone, a later one says more; of a transaction it is there once that is committed. kDataLoss:
  // there is none.
  StatusOr<std::map<uint32_t, std::string>> Read(const std::map<uint32_t, int64_t>& offsets) const;
  // Appends to the halves, if it can.
  void Append(uint32_t partition, const std::string& block);

 private:
  void OnDelivery(const rd_kafka_message_s& message) override;

  const ShuffleSettings settings_;
  CheckpointWriter writer_;
};

}  // namespace traffictap::shuffle
