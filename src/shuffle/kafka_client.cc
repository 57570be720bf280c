// SPDX-License-Identifier: Apache-2.0
#include "shuffle/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <array>

#include "kafkaclient/kafka_error.h"

namespace traffictap::shuffle {

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
  const auto made = consumer ? settings.MakeConsumer() : settings.MakeProducer();
  if (!made.ok()) return made.status();
  client_ = *made;
  consumer_ = consumer;
  if (consumer) rd_kafka_poll_set_consumer(client_);
  login_.SetToken(client_);
  trouble_ = login_.token_status();
  return trouble_;
}

void KafkaClient::Destroy() {
  if (client_ == nullptr) return;
  if (consumer_) {
    rd_kafka_destroy(client_);
  } else {
    kafkaclient::DropProducer(client_);
  }
  client_ = nullptr;
}

bool KafkaClient::Refresh() {
  if (client_ == nullptr) return false;
  return login_.Refresh(std::array<rd_kafka_t* const, 1>{client_});
}

bool KafkaClient::Failed() const { return kafkaclient::FailedForGood(client_); }

void KafkaClient::OnDelivery(const rd_kafka_message_t&) {}

void KafkaClient::OnRebalance(int, rd_kafka_topic_partition_list_t*) {}

}  // namespace traffictap::shuffle
