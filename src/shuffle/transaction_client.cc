// SPDX-License-Identifier: Apache-2.0
#include "shuffle/transaction_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "base/deadline.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "kafkaclient/kafka_settings.h"
#include "kafkaclient/message_headers.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kCallMax = 4 * base::kSecond;
constexpr base::Nanos kAbortMax = 3 * base::kSecond;
constexpr base::Nanos kReadyAgainMax = 2 * base::kSecond;
constexpr int kUnreadyMax = 2;
constexpr int kIdsSteppedOverMax = 1'000;
constexpr int kPollMs = 100;
// A turn's records wait in it.
constexpr int kQueuedMessagesMax = 1'000'000;
// As librdkafka bounds it.
constexpr size_t kQueuedKilobytesMax = 2'147'483'647;
// Brokers refuse a batch for its size, and with it the transaction: batches stay below what topics take by
// default, and only a record that is larger than that can be too large.
constexpr int kBatchBytes = 512 * 1024;
// The largest maxRecordSize, with headers.
constexpr int kMessageBytesMax = (64 << 20) + (64 << 10);

}  // namespace

bool IsOfATopic(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return true;
    default: return false;
  }
}

TransactionClient::TransactionClient(const ShuffleSettings& settings, const std::string& id)
    : KafkaClient(settings.cluster),
      settings_(settings),
      id_(fmt::format("{}-{}", settings.group, id)) {}

TransactionClient::~TransactionClient() { Drop(); }

Status TransactionClient::Ready(base::Nanos wait) {
  if (Failed()) Drop();
  if (ready_) return absl::OkStatus();
  if (get() == nullptr) {
    TT_RETURN_IF_ERROR(CreateProducer([this](kafkaclient::KafkaSettings& to) {
      to.Set("transactional.id", Id());
      to.Set("transaction.timeout.ms", std::to_string(kTransactionMax / base::kMillisecond));
      to.Set("linger.ms", "20");
      to.Set("compression.type", "zstd");
      // A topic that is not there is told, and not waited for.
      to.Set("topic.metadata.propagation.max.ms", "1000");
      to.Set("batch.size", std::to_string(kBatchBytes));
      to.Set("message.max.bytes", std::to_string(kMessageBytesMax));
      to.Set("queue.buffering.max.messages", std::to_string(kQueuedMessagesMax));
      // Rounded up: it has room for the largest record that Write lets through.
      to.Set("queue.buffering.max.kbytes",
             std::to_string(
                 std::min(settings_.transaction_bytes_max / 1024 + 1, kQueuedKilobytesMax)));
    }));
  }
  const Status begun =
      Call(wait, [this](int wait_ms) { return rd_kafka_init_transactions(get(), wait_ms); });
  ready_ = begun.ok();
  if (ready_) unready_ = 0;
  if (NeedsSomebody(begun)) {
    Drop();
  } else if (!ready_ && !ClusterId(*this, 0).empty() && ++unready_ == kUnreadyMax) {
    // Those who had this name before may have left many: past them in a few steps.
    const int left = std::min(ids_left_, kIdsSteppedOverMax);
    LeaveId();
    ids_left_ += left;
  }
  return begun;
}

std::string TransactionClient::Id() const {
  return ids_left_ == 0 ? id_ : fmt::format("{}.{}", id_, ids_left_ + 1);
}

Status TransactionClient::Begin() {
  return Call(0, [this](int) { return rd_kafka_begin_transaction(get()); });
}

Status TransactionClient::SendOffsets(const rd_kafka_topic_partition_list_t* offsets,
                                      const rd_kafka_consumer_group_metadata_t* member) {
  if (member == nullptr) return absl::AbortedError("kafka: the partitions are another member's");
  return Call(kCallMax, [&](int wait_ms) {
    return rd_kafka_send_offsets_to_transaction(get(), offsets, member, wait_ms);
  });
}

Status TransactionClient::Commit() {
  return Call(kCallMax,
              [this](int wait_ms) { return rd_kafka_commit_transaction(get(), wait_ms); });
}

// A client whose messages were given up goes on with sequence numbers that the brokers have never seen.
void TransactionClient::Abort() {
  const bool alive = get() != nullptr && ready_ && !Failed();
  const Status aborted =
      alive ? Call(kAbortMax,
                   [this](int wait_ms) { return rd_kafka_abort_transaction(get(), wait_ms); })
            : absl::UnavailableError("no client");
  Drop();
  if (!aborted.ok()) Ready(kReadyAgainMax).IgnoreError();
}

void TransactionClient::LeaveId() {
  Drop();
  ++ids_left_;
  unready_ = 0;
}

void TransactionClient::Drop() {
  for (const auto& [name, topic] : topics_) {
    if (topic != nullptr) rd_kafka_topic_destroy(topic);
  }
  topics_.clear();
  Destroy();
  ready_ = false;
}

int TransactionClient::Produce(const tap::KafkaOutput& output,
                               const kafkaclient::TransactionRecord& record, uint64_t id) {
  rd_kafka_topic_t* topic = TopicOf(output);
  if (topic == nullptr) return rd_kafka_last_error();
  rd_kafka_headers_t* headers = kafkaclient::MakeHeaders(record.headers);
  const auto error = rd_kafka_producev(
      get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
      RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<uintptr_t>(id))), RD_KAFKA_V_END);
  // On failure librdkafka leaves them.
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  return error;
}

// Nobody can begin another one: what librdkafka answers tells the state of this one.
int TransactionClient::TroubleCode() {
  if (get() == nullptr) return RD_KAFKA_RESP_ERR__STATE;
  rd_kafka_error_t* error = rd_kafka_begin_transaction(get());
  if (error == nullptr) return RD_KAFKA_RESP_ERR__STATE;  // it was over
  const absl::Cleanup free_error = [&] { rd_kafka_error_destroy(error); };
  const bool ends =
      rd_kafka_error_txn_requires_abort(error) != 0 || rd_kafka_error_is_fatal(error) != 0;
  return ends ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

void TransactionClient::Poll(base::Nanos wait) {
  if (get() != nullptr) rd_kafka_poll(get(), static_cast<int>(wait / base::kMillisecond));
}

std::string TransactionClient::ClusterId(const KafkaClient& client, base::Nanos wait) {
  char* id = rd_kafka_clusterid(client.get(), base::Deadline(wait).left_ms());
  rd_kafka_poll(client.get(), 0);
  if (id == nullptr) return "";
  std::string out(id);
  rd_kafka_mem_free(client.get(), id);
  return out;
}

// Again as long as librdkafka says that this helps.
Status TransactionClient::Call(base::Nanos wait, const Step& step) {
  const base::Deadline deadline(wait);
  for (;;) {
    rd_kafka_error_t* error = step(std::max(1, deadline.left_ms()));
    if (error == nullptr) return absl::OkStatus();
    const absl::Cleanup free_error = [&] { rd_kafka_error_destroy(error); };
    if (rd_kafka_error_is_retriable(error) == 0 || deadline.left() == 0) return ErrorOf(error);
    rd_kafka_poll(get(), std::min(kPollMs, deadline.left_ms()));
  }
}

Status TransactionClient::ErrorOf(const rd_kafka_error_t* error) const {
  const auto code = rd_kafka_error_code(error);
  switch (code) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return absl::PermissionDeniedError(fmt::format(
          "kafka: transactional id \"{}\" is not this user's: allow it Write and Describe on "
          "transactional ids that begin with \"{}-\"",
          id_, settings_.group));
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return absl::FailedPreconditionError(
          fmt::format("kafka: the brokers allow transactions less than {} s: raise their "
                      "transaction.max.timeout.ms",
                      kTransactionMax / base::kSecond));
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return absl::FailedPreconditionError("kafka: the brokers have no transactions");
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return absl::AbortedError(fmt::format(
          "kafka: the brokers have ended the transaction, or another process has the id \"{}\"",
          Id()));
    default: return kafkaclient::KafkaError(code, settings_.cluster, rd_kafka_error_string(error));
  }
}

rd_kafka_topic_t* TransactionClient::TopicOf(const tap::KafkaOutput& output) {
  rd_kafka_topic_t*& topic = topics_[output.topic];
  if (topic != nullptr) return topic;
  rd_kafka_topic_conf_t* conf = rd_kafka_default_topic_conf_dup(get());
  char error[512];
  rd_kafka_topic_conf_set(conf, "compression.codec",
                          kafkaclient::CompressionName(output.compression), error, sizeof(error));
  topic = rd_kafka_topic_new(get(), output.topic.c_str(), conf);
  return topic;
}

}  // namespace traffictap::shuffle
