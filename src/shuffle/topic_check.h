// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "shuffle/shuffle_settings.h"

// librdkafka's own type, which its header has under this name.
struct rd_kafka_s;

namespace traffictap::shuffle {

// What the topic of halves takes at least, as a message and as a batch of them. A block is smaller, with room
// for what one entry may add to it.
constexpr uint64_t kMessageBytes = 512 * 1024;

// What a topic of the shuffle has to be.
struct TopicNeeds {
  std::string topic;
  uint32_t partitions = 0;  // 0: any number
  // Why it has to be compacted; null: it must not be, as that of the halves.
  const char* compacted = nullptr;
  // What to set its policy to, if it has to be compacted and is not.
  const char* policy = "compact";
};
TopicNeeds HalvesTopic(const ShuffleSettings& settings);
TopicNeeds CheckpointsTopic(const ShuffleSettings& settings);
TopicNeeds ProxiesTopic(const ShuffleSettings& settings);

// kFailedPrecondition: the topic has another number of partitions; `found` is 0 or more. Pure.
Status JudgePartitions(const TopicNeeds& needs, uint32_t found);
// kFailedPrecondition: the topic's settings would lose or split halves; the message has the setting and
// what to set it to. `config` has the values by the names that Kafka gives them. Pure.
Status JudgeConfig(const TopicNeeds& needs, const std::map<std::string, std::string>& config);

// Asks the cluster by this client, for a second at most. kUnavailable: no answer; kFailedPrecondition:
// no such topic; kPermissionDenied; kUnauthenticated.
StatusOr<uint32_t> CountPartitions(rd_kafka_s* client, const ShuffleSettings& settings,
                                   const TopicNeeds& needs);
// Asks for its settings, for some seconds at most, and JudgeConfig. Fails as CountPartitions.
Status CheckConfig(rd_kafka_s* client, const ShuffleSettings& settings, const TopicNeeds& needs);
// CountPartitions, and JudgePartitions.
Status CheckPartitions(rd_kafka_s* client, const ShuffleSettings& settings,
                       const TopicNeeds& needs);
// CheckPartitions and CheckConfig; some seconds at most.
Status CheckTopic(rd_kafka_s* client, const ShuffleSettings& settings, const TopicNeeds& needs);

}  // namespace traffictap::shuffle
