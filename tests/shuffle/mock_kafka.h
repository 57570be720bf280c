// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdexcept>
#include <string>

#include "shuffle/shuffle_settings.h"

namespace traffictap {

// librdkafka's own mock brokers, 1 to `brokers`, on loopback ports. They take part in transactions, but keep no record of
// what these are about.
class MockKafka {
 public:
  explicit MockKafka(int brokers)
      : host_(Host()), cluster_(rd_kafka_mock_cluster_new(host_, brokers)) {}
  ~MockKafka() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  shuffle::ShuffleSettings Settings() const {
    shuffle::ShuffleSettings out;
    out.cluster.brokers = {rd_kafka_mock_cluster_bootstraps(cluster_)};
    out.cluster.topic = "traffictap.halves";
    out.member = "pairer-0";
    return out;
  }
  // `leader`: of all its partitions; 0: they have none.
  void Create(const std::string& topic, int partitions, int leader = 1) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
    for (int one = 0; one < partitions; ++one) Lead(topic, one, leader);
  }
  void Lead(const std::string& topic, int partition, int leader) {
    rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition,
                                       leader == 0 ? -1 : leader);
  }
  // What the broker answers to the next batch that it gets.
  void RefuseNext(int broker, rd_kafka_resp_err_t error) {
    constexpr int16_t kProduce = 0;  // Kafka's number of the request
    rd_kafka_mock_broker_push_request_error_rtts(cluster_, broker, kProduce, 1, error, 0);
  }

  // Whom clients ask about transactions of that id.
  void Coordinate(const std::string& id, int broker) {
    rd_kafka_mock_coordinator_set(cluster_, "transaction", id.c_str(), broker);
  }
  void TakeDown(int broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }

 private:
  static rd_kafka_t* Host() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    char error[256];
    rd_kafka_t* made = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (made == nullptr) throw std::runtime_error(error);
    return made;
  }

  rd_kafka_t* const host_;
  rd_kafka_mock_cluster_t* const cluster_;
};

}  // namespace traffictap
