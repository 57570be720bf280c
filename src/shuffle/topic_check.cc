// SPDX-License-Identifier: Apache-2.0
#include "shuffle/topic_check.h"

#include <librdkafka/rdkafka.h>

#include <charconv>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"

namespace traffictap::shuffle {
namespace {

constexpr int kMetadataMs = 1'000;
constexpr int kConfigMs = 3'000;

using Config = std::map<std::string, std::string>;

Status ErrorOf(rd_kafka_resp_err_t error, const ShuffleSettings& settings,
               const TopicNeeds& needs) {
  tap::KafkaOutput cluster = settings.cluster;
  cluster.topic = needs.topic;
  return kafkaclient::KafkaError(error, cluster, "");
}

std::string ValueOf(const Config& config, const std::string& name) {
  const auto found = config.find(name);
  return found == config.end() ? "" : found->second;
}

Status Wrong(const TopicNeeds& needs, const char* name, const std::string& value,
             const char* wanted, const char* why) {
  return absl::FailedPreconditionError(fmt::format(
      "kafka: topic \"{}\" has {}={}: set it to {}, {}", needs.topic, name, value, wanted, why));
}

StatusOr<Config> ReadConfig(rd_kafka_t* client, const ShuffleSettings& settings,
                            const TopicNeeds& needs) {
  rd_kafka_AdminOptions_t* options =
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  const absl::Cleanup free_options = [&] { rd_kafka_AdminOptions_destroy(options); };
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options, kConfigMs, text, sizeof(text));
  rd_kafka_ConfigResource_t* asked =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, needs.topic.c_str());
  const absl::Cleanup free_asked = [&] { rd_kafka_ConfigResource_destroy(asked); };
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  const absl::Cleanup free_queue = [&] { rd_kafka_queue_destroy(queue); };
  rd_kafka_DescribeConfigs(client, &asked, 1, options, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 2 * kConfigMs);
  if (event == nullptr)
    return absl::UnavailableError("kafka: no answer about the topic's settings");
  const absl::Cleanup free_event = [&] { rd_kafka_event_destroy(event); };
  auto error = rd_kafka_event_error(event);
  const auto* result = rd_kafka_event_DescribeConfigs_result(event);
  size_t count = 0;
  const rd_kafka_ConfigResource_t** resources =
      error == RD_KAFKA_RESP_ERR_NO_ERROR && result != nullptr
          ? rd_kafka_DescribeConfigs_result_resources(result, &count)
          : nullptr;
  if (count > 0) error = rd_kafka_ConfigResource_error(resources[0]);
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    return absl::PermissionDeniedError(fmt::format(
        "kafka: the settings of topic \"{}\" cannot be checked: allow this user DescribeConfigs",
        needs.topic));
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ErrorOf(error, settings, needs);
  Config out;
  size_t entries = 0;
  const rd_kafka_ConfigEntry_t** all =
      count > 0 ? rd_kafka_ConfigResource_configs(resources[0], &entries) : nullptr;
  for (size_t i = 0; i < entries; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(all[i]);
    out[rd_kafka_ConfigEntry_name(all[i])] = value == nullptr ? "" : value;
  }
  return out;
}

}  // namespace

TopicNeeds HalvesTopic(const ShuffleSettings& settings) {
  return {settings.cluster.topic, settings.partitions, nullptr};
}

TopicNeeds CheckpointsTopic(const ShuffleSettings& settings) {
  return {settings.checkpoints, settings.partitions,
          "as the state of a quiet partition would be deleted"};
}

TopicNeeds ProxiesTopic(const ShuffleSettings& settings) {
  // Without deletion what a killed receiver said would stay for ever: nobody writes its keys again.
  return {settings.proxies, 0, "as the state of a quiet proxy would be deleted", "compact,delete"};
}

Status JudgePartitions(const TopicNeeds& needs, uint32_t found) {
  if (needs.partitions == 0 || found == needs.partitions) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "kafka: topic \"{}\" has {} partitions and --shuffle-partitions is {}: both halves of a "
      "request would not meet. Give all receivers and pairers the topic's number, or a new topic; "
      "partitions cannot be added to one in use",
      needs.topic, found, needs.partitions));
}

Status JudgeConfig(const TopicNeeds& needs, const Config& config) {
  const std::string cleanup = ValueOf(config, "cleanup.policy");
  if (needs.compacted != nullptr) {
    if (cleanup.find("compact") != std::string::npos) return absl::OkStatus();
    return Wrong(needs, "cleanup.policy", cleanup, needs.policy, needs.compacted);
  }
  if (cleanup != "delete") {
    return Wrong(needs, "cleanup.policy", cleanup, "delete",
                 "as its messages have no keys and end with its retention");
  }
  const std::string type = ValueOf(config, "message.timestamp.type");
  if (type != "LogAppendTime") {
    return Wrong(needs, "message.timestamp.type", type, "LogAppendTime",
                 "as the time of a partition is that of its broker");
  }
  const std::string size = ValueOf(config, "max.message.bytes");
  uint64_t bytes = 0;
  std::from_chars(size.data(), size.data() + size.size(), bytes);
  if (bytes >= kMessageBytes) return absl::OkStatus();
  return Wrong(needs, "max.message.bytes", size, "524288 or more", "as blocks are larger");
}

StatusOr<uint32_t> CountPartitions(rd_kafka_t* client, const ShuffleSettings& settings,
                                   const TopicNeeds& needs) {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, needs.topic.c_str(), nullptr);
  if (topic == nullptr) return ErrorOf(rd_kafka_last_error(), settings, needs);
  const absl::Cleanup free_topic = [&] { rd_kafka_topic_destroy(topic); };
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto error = rd_kafka_metadata(client, 0, topic, &metadata, kMetadataMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ErrorOf(error, settings, needs);
  const absl::Cleanup free_metadata = [&] { rd_kafka_metadata_destroy(metadata); };
  if (metadata->topic_cnt != 1) {
    return ErrorOf(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, settings, needs);
  }
  if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ErrorOf(metadata->topics[0].err, settings, needs);
  }
  return static_cast<uint32_t>(metadata->topics[0].partition_cnt);
}

Status CheckPartitions(rd_kafka_t* client, const ShuffleSettings& settings,
                       const TopicNeeds& needs) {
  const auto count = CountPartitions(client, settings, needs);
  return count.ok() ? JudgePartitions(needs, *count) : count.status();
}

Status CheckConfig(rd_kafka_t* client, const ShuffleSettings& settings, const TopicNeeds& needs) {
  const auto config = ReadConfig(client, settings, needs);
  return config.ok() ? JudgeConfig(needs, *config) : config.status();
}

Status CheckTopic(rd_kafka_t* client, const ShuffleSettings& settings, const TopicNeeds& needs) {
  TT_RETURN_IF_ERROR(CheckPartitions(client, settings, needs));
  return CheckConfig(client, settings, needs);
}

}  // namespace traffictap::shuffle
