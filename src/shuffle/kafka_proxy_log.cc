// SPDX-License-Identifier: Apache-2.0
#include "shuffle/kafka_proxy_log.h"

#include <librdkafka/rdkafka.h>

#include <set>
#include <utility>

#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/group_consumer.h"
#include "shuffle/kafka_client.h"
#include "shuffle/topic_check.h"

namespace traffictap::shuffle {

class KafkaProxyLog::Consumer final : public KafkaClient {
 public:
  explicit Consumer(const ShuffleSettings& settings)
      : KafkaClient(settings.cluster), settings_(settings) {}
  ~Consumer() override { Close(); }

  Status Open() {
    if (get() == nullptr) TT_RETURN_IF_ERROR(Make());
    const TopicNeeds needs = ProxiesTopic(settings_);
    const auto count = CountPartitions(get(), settings_, needs);
    const Status checked = count.ok() ? CheckConfig(get(), settings_, needs) : count.status();
    // A consumer is told what went wrong among its messages.
    if (absl::IsUnavailable(checked)) TakeMessage();
    TT_RETURN_IF_ERROR(Explained(checked));
    ForgetTrouble();
    return Begin(*count);
  }

  void Close() {
    FreeMessage();
    Destroy();
  }

  ProxyLogEvent Poll() {
    FreeMessage();
    ProxyLogEvent out;
    if (get() == nullptr || Failed() || Refresh()) {
      return Fault(absl::UnavailableError("kafka: the consumer has to be made again"), true);
    }
    TakeMessage();
    if (message_ == nullptr) return out;
    if (message_->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      if (open_.erase(message_->partition) > 0 && open_.empty()) {
        out.kind = ProxyLogEvent::Kind::kEnd;
      }
      return out;
    }
    if (message_->err != RD_KAFKA_RESP_ERR_NO_ERROR) return Fault(ErrorOf(message_->err), false);
    ForgetTrouble();
    out.kind = ProxyLogEvent::Kind::kMessage;
    out.key = {static_cast<const char*>(message_->key), message_->key_len};
    if (message_->payload != nullptr) {
      out.value.emplace(static_cast<const char*>(message_->payload), message_->len);
    }
    return out;
  }

 private:
  Status Make() {
    // Assigned by hand: it is no member of the group whose name it needs.
    return CreateConsumer([this](kafkaclient::KafkaSettings& to) {
      to.Set("group.id", settings_.group);
      to.Set("enable.auto.commit", "false");
      to.Set("enable.auto.offset.store", "false");
      to.Set("enable.partition.eof", "true");
      to.Set("auto.offset.reset", "earliest");
      to.Set("queued.max.messages.kbytes", "16384");
    });
  }

  Status Begin(uint32_t partitions) {
    Partitions list(settings_.proxies);
    open_.clear();
    for (uint32_t partition = 0; partition < partitions; ++partition) {
      list.Add(partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
      open_.insert(static_cast<int32_t>(partition));
    }
    const auto assigned = rd_kafka_assign(get(), list.get());
    return assigned == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : ErrorOf(assigned);
  }

  Status ErrorOf(int error) const {
    if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      return absl::PermissionDeniedError(fmt::format(
          "kafka: {}; allow this user to read topic {}",
          rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error)), settings_.proxies));
    }
    tap::KafkaOutput cluster = settings_.cluster;
    cluster.topic = settings_.proxies;
    return kafkaclient::KafkaError(error, cluster, "");
  }

  static ProxyLogEvent Fault(Status why, bool reopen) {
    ProxyLogEvent out;
    out.kind = ProxyLogEvent::Kind::kFault;
    out.fault = std::move(why);
    out.reopen = reopen;
    return out;
  }

  void TakeMessage() {
    FreeMessage();
    message_ = rd_kafka_consumer_poll(get(), 0);
  }

  void FreeMessage() {
    if (message_ != nullptr) rd_kafka_message_destroy(std::exchange(message_, nullptr));
  }

  const ShuffleSettings settings_;
  std::set<int32_t> open_;                 // partitions of which the end was not reached
  rd_kafka_message_t* message_ = nullptr;  // whose bytes are the caller's until the next call
};

KafkaProxyLog::KafkaProxyLog(const ShuffleSettings& settings)
    : consumer_(std::make_unique<Consumer>(settings)) {}

KafkaProxyLog::~KafkaProxyLog() = default;

Status KafkaProxyLog::Open() { return consumer_->Open(); }

void KafkaProxyLog::Close() { consumer_->Close(); }

ProxyLogEvent KafkaProxyLog::Poll() { return consumer_->Poll(); }

}  // namespace traffictap::shuffle
