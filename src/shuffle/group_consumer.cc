// SPDX-License-Identifier: Apache-2.0

// librdkafka calls OnRebalance while a consumer is polled. It is only noted there: what must happen
// before partitions go takes outputs and time, and librdkafka waits for the assign that answers. While
// the consumer closes nobody is there to answer any more, so that is done on the spot.
// Who the member is, librdkafka forgets on a thread of its own when it was evicted. In a transaction a broker
// takes offsets of somebody without a name from anybody: so the name is kept from when the partitions came.
#include "shuffle/group_consumer.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "kafkaclient/kafka_error.h"

namespace traffictap::shuffle {

Partitions::Partitions(const std::string& topic)
    : topic_(topic), list_(rd_kafka_topic_partition_list_new(16)) {}

Partitions::~Partitions() { rd_kafka_topic_partition_list_destroy(list_); }

rd_kafka_topic_partition_t* Partitions::Add(uint32_t partition) {
  return rd_kafka_topic_partition_list_add(list_, topic_.c_str(), static_cast<int32_t>(partition));
}

GroupConsumer::GroupConsumer(const ShuffleSettings& settings)
    : KafkaClient(settings.cluster), settings_(settings) {}

GroupConsumer::~GroupConsumer() { Leave(); }

Status GroupConsumer::Join() {
  TT_RETURN_IF_ERROR(CreateConsumer([&](kafkaclient::KafkaSettings& to) {
    to.Set("group.id", settings_.group);
    to.Set("partition.assignment.strategy", "range");
    to.Set("session.timeout.ms", "10000");
    to.Set("heartbeat.interval.ms", "2000");
    to.Set("enable.auto.commit", "false");
    to.Set("enable.auto.offset.store", "false");
    // What retention took is told by the numbers of halves.
    to.Set("auto.offset.reset", "earliest");
    to.Set("fetch.wait.max.ms", "100");
    to.Set("isolation.level", "read_committed");
    to.Set("queued.max.messages.kbytes", "16384");
  }));
  Partitions topics(settings_.cluster.topic);
  topics.Add(static_cast<uint32_t>(RD_KAFKA_PARTITION_UA));
  const auto error = rd_kafka_subscribe(get(), topics.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return kafkaclient::KafkaError(error, settings_.cluster, "");
}

void GroupConsumer::Leave() {
  if (get() == nullptr) return;
  closing_ = true;
  // The answer to what may not be answered yet, or closing would wait for it for ever.
  rd_kafka_assign(get(), nullptr);
  rd_kafka_consumer_close(get());
  ForgetMembership();
  Destroy();
  closing_ = false;
  events.clear();
}

void GroupConsumer::OnRebalance(int error, rd_kafka_topic_partition_list_t* partitions) {
  if (closing_ || (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS &&
                   error != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
    rd_kafka_assign(get(), nullptr);
    return;
  }
  LogEvent event;
  event.kind = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? LogEvent::Kind::kAssigned
                                                             : LogEvent::Kind::kRevoked;
  event.lost = event.kind == LogEvent::Kind::kRevoked && rd_kafka_assignment_lost(get()) != 0;
  for (int i = 0; i < partitions->cnt; ++i) {
    event.partitions.push_back(static_cast<uint32_t>(partitions->elems[i].partition));
  }
  // Partitions that go in order are saved as the member that still has them.
  if (event.kind == LogEvent::Kind::kAssigned) NoteMembership();
  if (event.lost) ForgetMembership();
  events.push_back(std::move(event));
}

void GroupConsumer::ForgetMembership() {
  if (membership_ == nullptr) return;
  rd_kafka_consumer_group_metadata_destroy(std::exchange(membership_, nullptr));
}

void GroupConsumer::NoteMembership() {
  ForgetMembership();
  rd_kafka_consumer_group_metadata_t* noted = rd_kafka_consumer_group_metadata(get());
  char* member = rd_kafka_memberid(get());
  const bool evicted = member == nullptr || *member == 0 || rd_kafka_assignment_lost(get()) != 0;
  if (member != nullptr) rd_kafka_mem_free(get(), member);
  if (evicted && noted != nullptr) {
    rd_kafka_consumer_group_metadata_destroy(noted);
  } else {
    membership_ = noted;
  }
}

}  // namespace traffictap::shuffle
