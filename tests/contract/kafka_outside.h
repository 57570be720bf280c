// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/records.h"
#include "sinks/kafka/kafka_writer.h"

namespace traffictap::contract {

// librdkafka's own mock broker on a loopback port, with one topic of one partition.
class KafkaOutside {
 public:
  static constexpr const char* kName = "kafka";
  static constexpr const char* kTopic = "records";

  KafkaOutside()
      : host_(Make(RD_KAFKA_PRODUCER, "")), cluster_(rd_kafka_mock_cluster_new(host_, 1)) {
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
    brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
  }
  ~KafkaOutside() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }

  tap::KafkaOutput Spec() const {
    tap::KafkaOutput spec;
    spec.brokers = {brokers_};
    spec.topic = kTopic;
    return spec;
  }
  std::unique_ptr<sinks::RecordWriter> MakeWriter() {
    return std::make_unique<sinks::KafkaWriter>(Spec());
  }
  void Break() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void Heal() { rd_kafka_mock_broker_set_up(cluster_, 1); }

  struct Message {
    std::string key;
    std::string value;
  };
  std::vector<Message> Messages() {
    rd_kafka_t* consumer = Make(RD_KAFKA_CONSUMER, brokers_);
    rd_kafka_topic_partition_list_t* assigned = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(assigned, kTopic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, assigned);
    rd_kafka_topic_partition_list_destroy(assigned);
    std::vector<Message> out;
    for (bool end = false; !end;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 10'000);
      end = message == nullptr || message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!end) {
        out.push_back({{static_cast<const char*>(message->key), message->key_len},
                       {static_cast<const char*>(message->payload), message->len}});
      }
      if (message != nullptr) rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return out;
  }
  std::vector<int> Received() {
    std::string lines;
    for (const auto& message : Messages()) lines += message.value + "\n";
    return fakes::NumbersOf(lines);
  }
  rd_kafka_mock_cluster_t* cluster() { return cluster_; }

 private:
  static rd_kafka_t* Make(rd_kafka_type_t type, const std::string& brokers) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char error[256];
    if (!brokers.empty())
      rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), error, sizeof(error));
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", error, sizeof(error));
    rd_kafka_conf_set(conf, "group.id", "test", error, sizeof(error));
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "50", error, sizeof(error));
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_t* made = rd_kafka_new(type, conf, error, sizeof(error));
    if (made == nullptr) throw std::runtime_error(error);
    return made;
  }

  rd_kafka_t* host_;
  rd_kafka_mock_cluster_t* cluster_;
  std::string brokers_;
};

}  // namespace traffictap::contract
