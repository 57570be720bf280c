// SPDX-License-Identifier: Apache-2.0
#include "shuffle/checkpoint_topic.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "base/deadline.h"
#include "fmt/format.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kReadMax = 10 * base::kSecond;
constexpr int kPollMs = 100;

}  // namespace

CheckpointTopic::CheckpointTopic(const ShuffleSettings& settings)
    : KafkaClient(settings.cluster), settings_(settings), writer_(settings) {}

CheckpointTopic::~CheckpointTopic() { Destroy(); }

Status CheckpointTopic::Open() {
  if (get() != nullptr && !Failed()) return absl::OkStatus();
  return CreateProducer([](kafkaclient::KafkaSettings& to) {
    to.Set("enable.idempotence", "true");
    to.Set("linger.ms", "0");
    to.Set("compression.type", "zstd");
    to.Set("message.max.bytes", std::to_string(CheckpointWriter::kMessageBytesMax));
    // A checkpoint that comes later than the next one is of no use.
    to.Set("message.timeout.ms", std::to_string(CheckpointWriter::kWriteMax / base::kMillisecond));
  });
}

StatusOr<std::map<uint32_t, int64_t>> CheckpointTopic::Write(
    const std::vector<StateToSave>& states) {
  TT_RETURN_IF_ERROR(Open());
  return writer_.Write(get(), states);
}

void CheckpointTopic::OnDelivery(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) ForgetTrouble();
  writer_.OnDelivery(message);
}

void CheckpointTopic::Append(uint32_t partition, const std::string& block) {
  if (!Open().ok()) return;
  rd_kafka_producev(get(), RD_KAFKA_V_TOPIC(settings_.cluster.topic.c_str()),
                    RD_KAFKA_V_PARTITION(static_cast<int32_t>(partition)),
                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                    RD_KAFKA_V_VALUE(const_cast<char*>(block.data()), block.size()),
                    RD_KAFKA_V_END);
}

StatusOr<std::map<uint32_t, std::string>> CheckpointTopic::Read(
    const std::map<uint32_t, int64_t>& offsets) const {
  std::map<uint32_t, std::string> out;
  if (offsets.empty()) return out;
  KafkaClient reader(settings_.cluster);
  // Assigned by hand: it is no member of the group whose name it needs.
  TT_RETURN_IF_ERROR(reader.CreateConsumer([&](kafkaclient::KafkaSettings& to) {
    to.Set("group.id", settings_.group);
    to.Set("enable.auto.commit", "false");
    to.Set("enable.partition.eof", "true");
    to.Set("auto.offset.reset", "earliest");
    to.Set("isolation.level", "read_committed");
  }));
  auto* list = rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  const absl::Cleanup free_list = [&] { rd_kafka_topic_partition_list_destroy(list); };
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list, settings_.checkpoints.c_str(),
                                      static_cast<int32_t>(partition))
        ->offset = offset;
  }
  const auto assigned = rd_kafka_assign(reader.get(), list);
  if (assigned != RD_KAFKA_RESP_ERR_NO_ERROR) return writer_.ErrorOf(assigned);
  const base::Deadline deadline(kReadMax);
  while (out.size() < offsets.size()) {
    if (deadline.left() == 0) {
      return reader.trouble().ok() ? absl::UnavailableError("kafka: no broker gives checkpoints")
                                   : reader.trouble();
    }
    auto* message = rd_kafka_consumer_poll(reader.get(), std::min(kPollMs, deadline.left_ms()));
    if (message == nullptr) continue;
    const absl::Cleanup free_message = [&] { rd_kafka_message_destroy(message); };
    const auto partition = static_cast<uint32_t>(message->partition);
    // The end at the offset itself is that of what can be read by now: the offset was committed with the
    // checkpoint, whose own partition the broker may still have to tell.
    const auto asked = offsets.find(partition);
    const bool waits = asked != offsets.end() && asked->second == message->offset;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !out.contains(partition) && !waits) {
      return absl::DataLossError(
          fmt::format("the checkpoint of partition {} is gone from topic \"{}\": reset the group "
                      "{} to continue "
                      "without what waited",
                      partition, settings_.checkpoints, settings_.group));
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return writer_.ErrorOf(message->err);
    const std::string key(static_cast<const char*>(message->key), message->key_len);
    if (key != writer_.KeyOf(partition)) continue;
    out.try_emplace(partition, static_cast<const char*>(message->payload), message->len);
  }
  return out;
}

}  // namespace traffictap::shuffle
