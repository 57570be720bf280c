// SPDX-License-Identifier: Apache-2.0
#include "shuffle/checkpoint_writer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "base/deadline.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"

namespace traffictap::shuffle {
namespace {

constexpr int kPollMs = 100;

}  // namespace

Status CheckpointWriter::ErrorOf(int error) const {
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
      error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE) {
    return absl::FailedPreconditionError(fmt::format(
        "kafka: topic \"{}\" refuses a checkpoint for its size: raise its max.message.bytes (the "
        "largest one has {} bytes before it is compressed)",
        settings_.checkpoints, largest_));
  }
  tap::KafkaOutput cluster = settings_.cluster;
  cluster.topic = settings_.checkpoints;
  return kafkaclient::KafkaError(error, cluster, "");
}

std::string CheckpointWriter::KeyOf(uint32_t partition) const {
  return fmt::format("{} {}", settings_.group, partition);
}

bool CheckpointWriter::AllDone() const {
  return std::all_of(written_.begin(), written_.end(),
                     [](const auto& one) { return one.second.done; });
}

int CheckpointWriter::Produce(rd_kafka_s* producer, const StateToSave& state, uint64_t id) const {
  const std::string key = KeyOf(state.partition);
  return rd_kafka_producev(
      producer, RD_KAFKA_V_TOPIC(settings_.checkpoints.c_str()),
      RD_KAFKA_V_PARTITION(static_cast<int32_t>(state.partition)),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(state.checkpoint.data()), state.checkpoint.size()),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<uintptr_t>(id))), RD_KAFKA_V_END);
}

StatusOr<std::map<uint32_t, int64_t>> CheckpointWriter::Write(
    rd_kafka_s* producer, const std::vector<StateToSave>& states) {
  written_.clear();
  largest_ = 0;
  for (const auto& state : states) largest_ = std::max(largest_, state.checkpoint.size());
  std::map<uint64_t, uint32_t> partitions;
  const base::Deadline deadline(kWriteMax);
  for (const auto& state : states) {
    const uint64_t id = next_id_++;
    int error = Produce(producer, state, id);
    // Records of a transaction may fill it.
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && deadline.left() > 0) {
      rd_kafka_poll(producer, std::min(kPollMs, deadline.left_ms()));
      error = Produce(producer, state, id);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return ErrorOf(error);
    written_[id] = {};
    partitions[id] = state.partition;
  }
  while (!AllDone()) {
    if (deadline.left() == 0) return absl::UnavailableError("kafka: no broker takes checkpoints");
    rd_kafka_poll(producer, std::min(kPollMs, deadline.left_ms()));
  }
  std::map<uint32_t, int64_t> out;
  for (const auto& [id, written] : written_) {
    if (written.error != RD_KAFKA_RESP_ERR_NO_ERROR) return ErrorOf(written.error);
    out[partitions[id]] = written.offset;
  }
  return out;
}

void CheckpointWriter::OnDelivery(const rd_kafka_message_s& message) {
  const auto id = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(message._private));
  const auto found = written_.find(id);
  if (found != written_.end()) found->second = {true, message.err, message.offset};
}

}  // namespace traffictap::shuffle
