// SPDX-License-Identifier: Apache-2.0
#include "shuffle/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"

namespace traffictap::shuffle {
namespace {

constexpr int kPurgeMs = 1'000;

}  // namespace

KafkaClient::KafkaClient(const tap::KafkaOutput& cluster) : cluster_(cluster), login_(cluster_) {}

// A class below has let go of it before: OnDelivery would come to what is no more.
KafkaClient::~KafkaClient() { Destroy(); }

Status KafkaClient::CreateProducer(const Configure& configure) { return Create(false, configure); }

Status KafkaClient::CreateConsumer(const Configure& configure) { return Create(true, configure); }

Status KafkaClient::Create(bool consumer, const Configure& configure) {
  Destroy();
  login_.Read();
  kafkaclient::KafkaSettings settings;
  settings.Connect(cluster_);
  configure(settings);
  rd_kafka_conf_t* conf = settings.get();
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int error, const char* detail, void* opaque) {
    auto* self = static_cast<KafkaClient*>(opaque);
    // It follows a more telling error: keep that one.
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !self->trouble_.ok()) return;
    const Status& token = self->login_.token_status();
    if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION) self->login_.Refused();
    self->trouble_ = error == RD_KAFKA_RESP_ERR__AUTHENTICATION && !token.ok()
                         ? token
                         : kafkaclient::KafkaError(error, self->cluster_, detail);
  });
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (login_.has_tokens()) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(
        conf, [](rd_kafka_t* client, const char*, void* opaque) {
          static_cast<KafkaClient*>(opaque)->login_.SetToken(client);
        });
  }
  if (consumer) {
    rd_kafka_conf_set_rebalance_cb(
        conf,
        [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
           void* opaque) { static_cast<KafkaClient*>(opaque)->OnRebalance(error, partitions); });
  } else {
    rd_kafka_conf_set_dr_msg_cb(conf,
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
                                  static_cast<KafkaClient*>(opaque)->OnDelivery(*message);
                                });
  }
  Status status = settings.status();
  if (status.ok()) {
    char error[512];
    client_ =
        rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (client_ == nullptr) status = absl::InvalidArgumentError(fmt::format("kafka: {}", error));
  }
  if (client_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return status;
  }
  consumer_ = consumer;
  if (consumer) rd_kafka_poll_set_consumer(client_);
  login_.SetToken(client_);
  trouble_ = login_.token_status();
  return trouble_;
}

void KafkaClient::Destroy() {
  if (client_ == nullptr) return;
  if (!consumer_) {
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_, kPurgeMs);
  }
  rd_kafka_destroy(client_);
  client_ = nullptr;
}

bool KafkaClient::Refresh() {
  if (client_ == nullptr) return false;
  return login_.Refresh(std::array<rd_kafka_t* const, 1>{client_});
}

bool KafkaClient::Failed() const {
  char reason[256];
  return client_ != nullptr &&
         rd_kafka_fatal_error(client_, reason, sizeof(reason)) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void KafkaClient::OnDelivery(const rd_kafka_message_t&) {}

void KafkaClient::OnRebalance(int, rd_kafka_topic_partition_list_t*) {}

}  // namespace traffictap::shuffle
