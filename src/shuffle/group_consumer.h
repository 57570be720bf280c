// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "shuffle/kafka_client.h"
#include "shuffle/pairer_log.h"
#include "shuffle/shuffle_settings.h"

// librdkafka's own types, which its header has under these names.
struct rd_kafka_topic_partition_s;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_consumer_group_metadata_s;

namespace traffictap::shuffle {

// A list of partitions of the halves, freed with it.
class Partitions {
 public:
  explicit Partitions(const std::string& topic);
  ~Partitions();
  Partitions(const Partitions&) = delete;
  Partitions& operator=(const Partitions&) = delete;

  rd_kafka_topic_partition_s* Add(uint32_t partition);
  rd_kafka_topic_partition_list_s* get() const { return list_; }

 private:
  const std::string topic_;
  rd_kafka_topic_partition_list_s* const list_;
};

// The consumer that is a member of the pairers' group. Used by one thread.
class GroupConsumer final : public KafkaClient {
 public:
  explicit GroupConsumer(const ShuffleSettings& settings);
  ~GroupConsumer() override;

  Status Join();
  void Leave();

  // Who it was in the group when it was given its partitions: the broker takes no offsets in a
  // transaction from one that has lost them. Null: it has none.
  const rd_kafka_consumer_group_metadata_s* membership() const { return membership_; }

  std::deque<LogEvent> events;  // of the group, to be answered in this order

 private:
  void OnRebalance(int error, rd_kafka_topic_partition_list_s* partitions) override;
  void ForgetMembership();
  void NoteMembership();

  const ShuffleSettings settings_;
  bool closing_ = false;
  rd_kafka_consumer_group_metadata_s* membership_ = nullptr;
};

}  // namespace traffictap::shuffle
