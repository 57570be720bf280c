// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "shuffle/pairer_log.h"
#include "shuffle/shuffle_settings.h"

// librdkafka's own types, which its header has under these names.
struct rd_kafka_s;
struct rd_kafka_message_s;

namespace traffictap::shuffle {

// Writes checkpoints by whichever producer. Used by one thread.
class CheckpointWriter {
 public:
  static constexpr base::Nanos kWriteMax = 5 * base::kSecond;
  // Producers let larger ones through than any is: how large a message may be is the topic's to say.
  static constexpr int kMessageBytesMax = 64 << 20;

  explicit CheckpointWriter(const ShuffleSettings& settings) : settings_(settings) {}

  // Writes them and waits until the log has them, some seconds at most: their offsets, by partition. The
  // producer's deliveries come to OnDelivery meanwhile.
  StatusOr<std::map<uint32_t, int64_t>> Write(rd_kafka_s* producer,
                                              const std::vector<StateToSave>& states);
  // Passes over what is no checkpoint: a message without one of its ids.
  void OnDelivery(const rd_kafka_message_s& message);

  // A librdkafka code in our words.
  Status ErrorOf(int error) const;
  std::string KeyOf(uint32_t partition) const;

 private:
  struct Written {
    bool done = false;
    int error = 0;
    int64_t offset = -1;
  };
  // A librdkafka code.
  int Produce(rd_kafka_s* producer, const StateToSave& state, uint64_t id) const;
  bool AllDone() const;

  const ShuffleSettings settings_;
  uint64_t next_id_ = uint64_t{1} << 40;  // above all others that a producer gives
  std::map<uint64_t, Written> written_;   // those that Write waits for
  size_t largest_ = 0;                    // of them, in bytes
};

}  // namespace traffictap::shuffle
