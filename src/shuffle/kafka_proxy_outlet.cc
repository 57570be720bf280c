// SPDX-License-Identifier: Apache-2.0

// A producer apart from that of the halves, and not idempotent: no fault of this topic is to stop
// those, and the last state of a proxy may come twice.
#include "shuffle/kafka_proxy_outlet.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "kafkaclient/kafka_error.h"
#include "shuffle/kafka_client.h"
#include "shuffle/topic_check.h"

namespace traffictap::shuffle {
namespace {

constexpr int kTrialMs = 3'000;
constexpr const char* kTrial = "trial";
// What is older is written again, as it is then.
constexpr const char* kTimeoutMs = "10000";

}  // namespace

class KafkaProxyOutlet::Producer final : public KafkaClient {
 public:
  explicit Producer(const ShuffleSettings& settings)
      : KafkaClient(settings.cluster), settings_(settings) {}
  ~Producer() override { Destroy(); }

  Status Open() {
    if (get() == nullptr) TT_RETURN_IF_ERROR(Make());
    rd_kafka_poll(get(), 0);
    TT_RETURN_IF_ERROR(Explained(CheckTopic(get(), settings_, ProxiesTopic(settings_))));
    ForgetTrouble();
    trial_ = absl::UnavailableError("kafka: no broker takes what is said of proxies");
    Send(kTrial, std::nullopt);
    rd_kafka_flush(get(), kTrialMs);
    return trial_;
  }

  void Send(const std::string& key, const std::optional<std::string>& value) {
    void* bytes = value ? const_cast<char*>(value->data()) : nullptr;
    const size_t size = value ? value->size() : 0;
    ++pending;
    const auto error = get() == nullptr
                           ? RD_KAFKA_RESP_ERR__STATE
                           : rd_kafka_producev(get(), RD_KAFKA_V_TOPIC(settings_.proxies.c_str()),
                                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                               RD_KAFKA_V_KEY(key.data(), key.size()),
                                               RD_KAFKA_V_VALUE(bytes, size), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Settle(key, error);
  }

  std::vector<std::string> Poll() {
    if (get() == nullptr || Refresh() || Failed()) Renew();
    if (get() != nullptr) rd_kafka_poll(get(), 0);
    return std::exchange(failed_, {});
  }

  void Close(base::Nanos wait) {
    if (get() == nullptr) return;
    rd_kafka_flush(get(), static_cast<int>(wait / base::kMillisecond));
    Destroy();
  }

  Status status() const { return lost_.ok() ? trouble() : lost_; }

  size_t pending = 0;
  uint64_t written = 0;

 private:
  Status Make() {
    return CreateProducer([this](kafkaclient::KafkaSettings& to) {
      to.Set("linger.ms", "20");
      // One try after the other: an older state must not come behind a newer one, where it would stay.
      to.Set("max.in.flight.requests.per.connection", "1");
      to.Set("compression.type", settings_.proxies_cipher ? "none" : "zstd");
      to.Set("message.timeout.ms", kTimeoutMs);
    });
  }

  void Renew() {
    Destroy();
    const Status made = Make();
    if (made.ok()) return;
    lost_ = made;
    Destroy();
  }

  void OnDelivery(const rd_kafka_message_t& message) override {
    Settle({static_cast<const char*>(message.key), message.key_len}, message.err);
  }

  void Settle(const std::string& key, rd_kafka_resp_err_t error) {
    --pending;
    Status settled;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      tap::KafkaOutput cluster = settings_.cluster;
      cluster.topic = settings_.proxies;
      settled = kafkaclient::KafkaError(error, cluster, "");
    }
    if (key == kTrial) {
      trial_ = settled;
      return;
    }
    lost_ = settled;
    if (!settled.ok()) return failed_.push_back(key);
    ForgetTrouble();
    ++written;
  }

  const ShuffleSettings settings_;
  std::vector<std::string> failed_;
  Status trial_;
  Status lost_;  // of the last message
};

KafkaProxyOutlet::KafkaProxyOutlet(const ShuffleSettings& settings)
    : producer_(std::make_unique<Producer>(settings)) {}

KafkaProxyOutlet::~KafkaProxyOutlet() = default;

Status KafkaProxyOutlet::Open() { return producer_->Open(); }

void KafkaProxyOutlet::Send(const std::string& key, const std::optional<std::string>& value) {
  producer_->Send(key, value);
}

std::vector<std::string> KafkaProxyOutlet::Poll() { return producer_->Poll(); }

void KafkaProxyOutlet::Close(base::Nanos wait) { producer_->Close(wait); }

size_t KafkaProxyOutlet::pending() const { return producer_->pending; }

uint64_t KafkaProxyOutlet::written() const { return producer_->written; }

Status KafkaProxyOutlet::status() const { return producer_->status(); }

}  // namespace traffictap::shuffle
