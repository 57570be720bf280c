// SPDX-License-Identifier: Apache-2.0
#include "shuffle/transaction_trial.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/crc32c.h"
#include "base/deadline.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/transaction_client.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kAnswerMax = 4 * base::kSecond;
constexpr base::Nanos kPoll = 50 * base::kMillisecond;

class Trial final : public TransactionClient {
 public:
  // An id for each topic, as that of one that takes nothing cannot be used meanwhile.
  Trial(const ShuffleSettings& settings, const std::string& topic)
      : TransactionClient(settings,
                          fmt::format("{}-trial-{:08x}", settings.member, base::Crc32c(topic))) {}
  ~Trial() override { Drop(); }

  // What becomes of the record, as a librdkafka code.
  int Try(const tap::KafkaOutput& output, const kafkaclient::TransactionRecord& record) {
    error_ = Produce(output, record, 0);
    if (error_ != RD_KAFKA_RESP_ERR_NO_ERROR) return error_;
    const base::Deadline deadline(kAnswerMax);
    while (!delivered_) {
      if (deadline.left() == 0) return RD_KAFKA_RESP_ERR__TIMED_OUT;
      Poll(kPoll);
      // With it librdkafka gives the record up, which says less.
      const int trouble = TroubleCode();
      if (trouble != RD_KAFKA_RESP_ERR_NO_ERROR) return trouble;
    }
    return error_;
  }

 private:
  void OnDelivery(const rd_kafka_message_t& message) override {
    if (!std::exchange(delivered_, true)) error_ = message.err;
  }

  bool delivered_ = false;
  int error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
};

Status OtherCluster(const std::string& why) {
  return absl::FailedPreconditionError(
      fmt::format("delivery.class ExactlyOnce: {}; it needs a topic in the cluster of the shuffle: "
                  "use one, or set delivery.class to BestEffort",
                  why));
}

Status CheckCluster(const Trial& trial, const tap::KafkaOutput& output, base::Nanos patience) {
  const std::string ours = TransactionClient::ClusterId(trial, kAnswerMax);
  if (ours.empty()) return absl::UnavailableError("kafka: no broker of the shuffle answers");
  KafkaClient own(output);
  TT_RETURN_IF_ERROR(own.CreateProducer([](kafkaclient::KafkaSettings&) {}));
  const std::string theirs = TransactionClient::ClusterId(own, patience);
  if (theirs.empty()) {
    return OtherCluster(
        fmt::format("the output's own brokers do not say which cluster they are ({})",
                    own.trouble().ok() ? "no answer" : std::string(Message(own.trouble()))));
  }
  if (theirs == ours) return absl::OkStatus();
  return OtherCluster(
      fmt::format("the output's cluster is {} and that of the shuffle is {}", theirs, ours));
}

}  // namespace

Status TryOutput(const ShuffleSettings& settings, const tap::KafkaOutput& output,
                 const kafkaclient::TransactionRecord& record, base::Nanos patience) {
  for (const std::string& own : {settings.cluster.topic, settings.checkpoints, settings.proxies}) {
    if (output.topic != own) continue;
    return absl::FailedPreconditionError(
        fmt::format("topic \"{}\" is the shuffle's own: choose another one", own));
  }
  Trial trial(settings, output.topic);
  TT_RETURN_IF_ERROR(trial.Ready(kAnswerMax));
  TT_RETURN_IF_ERROR(CheckCluster(trial, output, patience));
  TT_RETURN_IF_ERROR(trial.Begin());
  const absl::Cleanup abort = [&] { trial.Abort(); };
  const int error = trial.Try(output, record);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : TrialError(error, output);
}

Status TrialError(int error, const tap::KafkaOutput& output) {
  const Status told = kafkaclient::KafkaError(error, output, "");
  // The pairers' user writes it, not the output's.
  if (absl::IsPermissionDenied(told)) {
    return absl::PermissionDeniedError(
        fmt::format("kafka: topic \"{}\" takes no records from the user of the shuffle: allow it "
                    "Write",
                    output.topic));
  }
  if (!IsRetryable(told) || !IsOfATopic(error)) return told;
  return absl::FailedPreconditionError(
      fmt::format("{}; topic \"{}\" refuses the record, choose another one or change its settings",
                  Message(told), output.topic));
}

}  // namespace traffictap::shuffle
