// SPDX-License-Identifier: Apache-2.0

// Blocks are kept here until they are acknowledged, and librdkafka has pointers to them alone: so that
// they can go out again, in their order, when a producer is of no use any more. What that one had
// written is in the log twice then, with the same numbers, which pairers skip.
#include "shuffle/kafka_outlet.h"

#include <librdkafka/rdkafka.h>

#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/kafka_client.h"
#include "shuffle/topic_check.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kPartitionsEvery = 5 * base::kSecond;

void SetUp(const ShuffleSettings& settings, kafkaclient::KafkaSettings& to) {
  to.Set("enable.idempotence", "true");
  to.Set("linger.ms", "5");
  // librdkafka counts a batch before it compresses it, and brokers as it comes: encrypted text is no smaller
  // then, and plain text, which clients choose, need not be by much. All of a batch too large is lost.
  to.Set("batch.size", std::to_string(kMessageBytes));
  // What is encrypted was compressed before.
  to.Set("compression.type", settings.cipher ? "none" : "zstd");
  if (!settings.cipher) to.Set("compression.level", "1");
  to.Set("message.timeout.ms",
         std::to_string(settings.cluster.delivery_timeout / base::kMillisecond));
  // The bound is BlockOutlet::bytes.
  to.Set("queue.buffering.max.messages", "1000000");
  to.Set("queue.buffering.max.kbytes", "2097151");
}

}  // namespace

class KafkaOutlet::Producer final : public KafkaClient {
 public:
  Producer(const ShuffleSettings& settings, const base::Clock* clock)
      : KafkaClient(settings.cluster), settings_(settings), clock_(clock) {}
  ~Producer() override { Destroy(); }

  Status Open() {
    if (get() == nullptr) TT_RETURN_IF_ERROR(Make());
    rd_kafka_poll(get(), 0);
    TT_RETURN_IF_ERROR(Explained(CheckTopic(get(), settings_, HalvesTopic(settings_))));
    ForgetTrouble();
    check_at_ = clock_->Monotonic() + kPartitionsEvery;
    return absl::OkStatus();
  }

  void Send(uint32_t partition, std::string block, uint32_t count) {
    counters.sent += count;
    counters.pending += count;
    bytes += block.size();
    pending_.emplace(next_id_++, Block{partition, count, std::move(block)});
    Produce();
  }

  void Poll(base::Nanos wait) {
    if (get() == nullptr || Refresh() || Failed()) Renew();
    if (get() == nullptr) return;
    rd_kafka_poll(get(), static_cast<int>(wait / base::kMillisecond));
    Produce();
    CheckCount();
  }

  void Close(base::Nanos wait) {
    if (get() != nullptr) {
      rd_kafka_flush(get(), static_cast<int>(wait / base::kMillisecond));
      keep_ = true;
      Destroy();
    }
    counters.closed += std::exchange(counters.pending, 0);
    pending_.clear();
    bytes = 0;
  }

  Status status() const { return count_.ok() ? trouble() : count_; }

  OutletCounters counters;
  size_t bytes = 0;

 private:
  struct Block {
    uint32_t partition = 0;
    uint32_t count = 0;
    std::string bytes;
  };

  Status Make() {
    return CreateProducer([this](kafkaclient::KafkaSettings& to) { SetUp(settings_, to); });
  }

  void Renew() {
    log::For("shuffle").warn("a new producer takes over blocks={}", pending_.size());
    keep_ = true;
    Destroy();
    keep_ = false;
    for (auto at = pending_.begin(); at != pending_.end() && at->first < unsent_; ++at) {
      counters.resent += at->second.count;
    }
    unsent_ = pending_.empty() ? next_id_ : pending_.begin()->first;
    if (const Status made = Make(); !made.ok()) {
      log::For("shuffle").error("no producer err=\"{}\"", Message(made));
      Destroy();
    }
  }

  // In their order; what does not fit waits.
  void Produce() {
    if (get() == nullptr) return;
    for (auto at = pending_.lower_bound(unsent_); at != pending_.end();) {
      const uint64_t id = at->first;
      const Block& block = at->second;
      ++at;
      const auto error = rd_kafka_producev(
          get(), RD_KAFKA_V_TOPIC(settings_.cluster.topic.c_str()),
          RD_KAFKA_V_PARTITION(static_cast<int32_t>(block.partition)), RD_KAFKA_V_MSGFLAGS(0),
          RD_KAFKA_V_VALUE(const_cast<char*>(block.bytes.data()), block.bytes.size()),
          RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<uintptr_t>(id))), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL || error == RD_KAFKA_RESP_ERR__FATAL) return;
      unsent_ = id + 1;
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      Lose(id, error);
    }
  }

  void OnDelivery(const rd_kafka_message_t& message) override {
    const auto id = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(message._private));
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ForgetTrouble();
      counters.acked += Settle(id);
    } else if (!keep_ && !Failed()) {
      Lose(id, message.err);
    }
  }

  void Lose(uint64_t id, rd_kafka_resp_err_t error) {
    const uint64_t count = Settle(id);
    (error == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ? counters.timed_out : counters.refused) += count;
    lost_ = kafkaclient::KafkaError(error, settings_.cluster, "");
    if (lost_ == logged_) return;
    logged_ = lost_;
    log::For("shuffle").error("entries lost on the way to Kafka err=\"{}\"", Message(lost_));
  }

  uint64_t Settle(uint64_t id) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return 0;
    const uint64_t count = found->second.count;
    counters.pending -= count;
    bytes -= found->second.bytes.size();
    pending_.erase(found);
    return count;
  }

  void CheckCount() {
    const base::Nanos now = clock_->Monotonic();
    if (now < check_at_) return;
    check_at_ = now + kPartitionsEvery;
    const Status checked = CheckPartitions(get(), settings_, HalvesTopic(settings_));
    if (IsRetryable(checked)) return;
    if (checked.ok()) ForgetTrouble();
    if (!checked.ok() && checked != count_) {
      log::For("shuffle").error("stops writing to Kafka err=\"{}\"", Message(checked));
    }
    count_ = checked;
  }

  const ShuffleSettings settings_;
  const base::Clock* const clock_;
  std::map<uint64_t, Block> pending_;  // by a number that grows
  uint64_t next_id_ = 1;
  uint64_t unsent_ = 1;  // from this one on librdkafka has none
  bool keep_ = false;    // what is reported as failed goes to the next producer
  base::Nanos check_at_ = 0;
  Status count_;  // of the last look at the number of partitions
  Status lost_;
  Status logged_;
};

KafkaOutlet::KafkaOutlet(const ShuffleSettings& settings, const base::Clock* clock)
    : producer_(std::make_unique<Producer>(settings, clock)) {}

KafkaOutlet::~KafkaOutlet() = default;

Status KafkaOutlet::Open() { return producer_->Open(); }

void KafkaOutlet::Send(uint32_t partition, std::string block, uint32_t count) {
  producer_->Send(partition, std::move(block), count);
}

void KafkaOutlet::Poll(base::Nanos wait) { producer_->Poll(wait); }

void KafkaOutlet::Close(base::Nanos wait) { producer_->Close(wait); }

size_t KafkaOutlet::bytes() const { return producer_->bytes; }

const OutletCounters& KafkaOutlet::counters() const { return producer_->counters; }

Status KafkaOutlet::status() const { return producer_->status(); }

}  // namespace traffictap::shuffle
