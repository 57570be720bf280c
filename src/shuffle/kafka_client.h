// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/status.h"
#include "kafkaclient/kafka_login.h"
#include "kafkaclient/kafka_settings.h"
#include "tap/output_spec.h"

// librdkafka's own types, which its header has under these names.
struct rd_kafka_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_partition_list_s;

namespace traffictap::shuffle {

// One client of the shuffle's cluster, with its login and what it last complained of. Its callbacks
// come from whoever polls it. Used by one thread.
class KafkaClient {
 public:
  explicit KafkaClient(const tap::KafkaOutput& cluster);
  virtual ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  using Configure = std::function<void(kafkaclient::KafkaSettings&)>;
  // kInvalidArgument: librdkafka refuses a setting; kFailedPrecondition: a secret cannot be read.
  Status CreateProducer(const Configure& configure);
  Status CreateConsumer(const Configure& configure);
  // Gives up what is on its way, which is told to OnDelivery, and the client.
  void Destroy();

  // Null before Create and after Destroy.
  rd_kafka_s* get() const { return client_; }
  // Takes over changed credentials. True: certificates changed, which only a new client reads.
  bool Refresh();
  // It failed for good: only a new client helps.
  bool Failed() const;

  const Status& trouble() const { return trouble_; }
  void ForgetTrouble() { trouble_ = absl::OkStatus(); }
  // Of a check that may have had no answer: what went wrong is often told long before, as reconnecting backs off.
  Status Explained(const Status& checked) const {
    return absl::IsUnavailable(checked) && !trouble_.ok() ? trouble_ : checked;
  }

 protected:
  virtual void OnDelivery(const rd_kafka_message_s& message);
  // `error` is an rd_kafka_resp_err_t.
  virtual void OnRebalance(int error, rd_kafka_topic_partition_list_s* partitions);

 private:
  Status Create(bool consumer, const Configure& configure);

  const tap::KafkaOutput cluster_;
  kafkaclient::KafkaLogin login_;
  rd_kafka_s* client_ = nullptr;
  bool consumer_ = false;
  Status trouble_;
};

}  // namespace traffictap::shuffle
