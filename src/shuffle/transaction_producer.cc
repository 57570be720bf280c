// SPDX-License-Identifier: Apache-2.0
#include "shuffle/transaction_producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "base/deadline.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/topic_check.h"
#include "shuffle/transaction_trial.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kReadyMax = 4 * base::kSecond;
constexpr base::Nanos kRoomMax = 5 * base::kSecond;
constexpr base::Nanos kPoll = 100 * base::kMillisecond;
// An output's own brokers may be that long in answering, at first and later; until it is asked again, and
// any of those that were refused.
constexpr base::Nanos kPatience = 5 * base::kSecond;
constexpr base::Nanos kPatienceAgain = base::kSecond;
// What was not refused before may be tried for so long in one transaction: the pairer stands still meanwhile,
// and one that stands still for much longer is restarted.
constexpr base::Nanos kTriesMax = 15 * base::kSecond;
constexpr base::Nanos kTryAgain = 30 * base::kSecond;
constexpr base::Nanos kTryAnyAgain = 10 * base::kSecond;
constexpr int kStrikes = 2;
// A topic that takes nothing, as a partition has no leader or too few replicas: longer than another replica takes to
// lead. Each try of one that still takes nothing holds up the others for some seconds, and so comes later.
constexpr base::Nanos kHeldUpMax = 30 * base::kSecond;
// Times further apart are not one: what failed in between may have been all brokers' doing. A round takes less.
constexpr base::Nanos kHeldUpApart = 60 * base::kSecond;
constexpr base::Nanos kAnswersMax = base::kSecond;
constexpr base::Nanos kTryHeldUpAgainMax = 10 * 60 * base::kSecond;

Status TakesNothing(const std::string& topics) {
  return absl::UnavailableError(
      fmt::format("kafka: topic \"{}\" takes no records, though the brokers answer: has each "
                  "partition a leader and min.insync.replicas in sync?",
                  topics));
}

}  // namespace

TransactionProducer::TransactionProducer(const ShuffleSettings& settings, const base::Clock* clock,
                                         Try try_output)
    : TransactionClient(settings, settings.member),
      settings_(settings),
      clock_(clock),
      try_output_(
          try_output
              ? std::move(try_output)
              : [settings](
                    const auto& output, const auto& record,
                    auto patience) { return TryOutput(settings, output, record, patience); }),
      checkpoints_(settings) {}

TransactionProducer::~TransactionProducer() {
  ending_ = true;
  Drop();
}

// Once a transaction can only be aborted, all of it comes again: nothing is worth a look before.
Status TransactionProducer::Write(const std::shared_ptr<Party>& party, const tap::KafkaOutput& spec,
                                  const kafkaclient::TransactionRecord& record) {
  if (record.key.size() + record.value.size() > settings_.transaction_bytes_max) {
    return absl::OutOfRangeError(fmt::format(
        "kafka: record larger than the {} bytes that a transaction may have on the way, "
        "an eighth of --memory",
        settings_.transaction_bytes_max));
  }
  const auto found = Find(party, spec);
  Output& output = found->second;
  if (!open_ || status_.ok()) TT_RETURN_IF_ERROR(Admit(&output, record));
  if (!open_) {
    const Status ready = Ready(kReadyMax);
    if (NeedsSomebody(ready)) return Refuse(&output, ready);
    open_ = true;
    begun_ = ready.ok();
    status_ = begun_ ? Begin() : ready;
  }
  output.wrote = true;
  if (status_.ok()) Produce(found->first, &output, record);
  return absl::OkStatus();
}

TransactionProducer::Outputs::iterator TransactionProducer::Find(
    const std::shared_ptr<Party>& party, const tap::KafkaOutput& spec) {
  const auto found = std::find_if(outputs_.begin(), outputs_.end(),
                                  [&](const auto& one) { return one.second.party == party; });
  if (found != outputs_.end()) return found;
  const auto made = outputs_.try_emplace(next_id_++).first;
  made->second.party = party;
  made->second.spec = spec;
  return made;
}

// Where the shuffle's own cluster does not answer, or not to us, nobody knows: then the transaction fails.
Status TransactionProducer::Admit(Output* output, const kafkaclient::TransactionRecord& record) {
  if (output->admitted) return absl::OkStatus();
  const base::Nanos now = clock_->Monotonic();
  if (!output->refused.ok() && now < std::max(output->try_at, try_again_at_)) {
    return output->refused;
  }
  const bool fresh = output->refused.ok();
  if (fresh && tries_ >= kTriesMax) {
    Fail(absl::UnavailableError("kafka: other outputs are still to be tried"));
    return absl::OkStatus();
  }
  const Status tried = try_output_(output->spec, record,
                                   std::exchange(output->tried, true) ? kPatienceAgain : kPatience);
  if (fresh) tries_ += clock_->Monotonic() - now;
  if (IsRetryable(tried) && HeldUp(output, Answers())) return HoldOff(output);
  if (IsRetryable(tried) || absl::IsUnauthenticated(tried)) {
    Fail(tried);
    return absl::OkStatus();
  }
  if (!tried.ok()) return Refuse(output, tried);
  output->refused = absl::OkStatus();
  output->admitted = true;
  return absl::OkStatus();
}

void TransactionProducer::Fail(const Status& why) {
  open_ = true;
  status_ = why;
}

Status TransactionProducer::Refuse(Output* output, const Status& why) {
  const base::Nanos now = clock_->Monotonic();
  output->admitted = false;
  output->refused = why;
  output->try_at = now + kTryAgain;
  try_again_at_ = now + kTryAnyAgain;
  return why;
}

// Asked anew, as a client stays ready when they go.
bool TransactionProducer::Answers() {
  return Ready(kAnswersMax).ok() &&
         CheckPartitions(get(), settings_, CheckpointsTopic(settings_)).ok();
}

// For long by now. `alone`: the brokers take what others write.
bool TransactionProducer::HeldUp(Output* output, bool alone) {
  const base::Nanos now = clock_->Monotonic();
  // One that was refused for it is known already, and tried rarely.
  const bool apart = output->pause == 0 && now - output->held_up_at > kHeldUpApart;
  if (!alone || apart) output->held_up_since = 0;
  if (alone) {
    if (output->held_up_since == 0) output->held_up_since = now;
    output->held_up_at = now;
  }
  return alone && now - output->held_up_since >= kHeldUpMax;
}

Status TransactionProducer::HoldOff(Output* output) {
  Status out = Refuse(output, TakesNothing(output->spec.topic));
  output->pause = std::clamp(2 * output->pause, kTryAgain, kTryHeldUpAgainMax);
  output->try_at = clock_->Monotonic() + output->pause;
  return out;
}

void TransactionProducer::Produce(uint64_t id, Output* output,
                                  const kafkaclient::TransactionRecord& record) {
  const base::Deadline deadline(kRoomMax);
  int error = TransactionClient::Produce(output->spec, record, id);
  while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && deadline.left() > 0) {
    Poll(kPoll);
    error = TransactionClient::Produce(output->spec, record, id);
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) ++output->on_way;
  // Not one record has left for so long: those of a topic that takes nothing may fill it before any commit can tell.
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && status_.ok() && Answers()) {
    status_ = Late(kafkaclient::KafkaError(error, output->spec, ""));
  }
  // It takes no more of a transaction that failed, and why says more.
  const int trouble =
      error == RD_KAFKA_RESP_ERR__STATE ? TroubleCode() : RD_KAFKA_RESP_ERR_NO_ERROR;
  if (trouble != RD_KAFKA_RESP_ERR_NO_ERROR) error = trouble;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Break(error, output->spec);
}

void TransactionProducer::Break(int error, const tap::KafkaOutput& of) {
  if (status_.ok()) status_ = kafkaclient::KafkaError(error, of, "");
  if (!IsOfATopic(error)) return;
  // Which of them it was, the next try tells.
  for (auto& [id, output] : outputs_) output.admitted = output.admitted && !output.wrote;
}

void TransactionProducer::OnDelivery(const rd_kafka_message_t& message) {
  checkpoints_.OnDelivery(message);
  const auto id = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(message._private));
  const auto found = outputs_.find(id);
  if (found != outputs_.end() && found->second.on_way > 0) --found->second.on_way;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return ForgetTrouble();
  if (ending_) return;
  // Given up by librdkafka as the transaction failed: status() asks why.
  if (message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
      message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
    given_up_ = message.err;
    return;
  }
  if (found == outputs_.end()) {
    // A checkpoint: no output did anything wrong.
    if (status_.ok()) status_ = checkpoints_.ErrorOf(message.err);
    return;
  }
  Output& output = found->second;
  if (IsOfATopic(message.err))
    output.failed = kafkaclient::KafkaError(message.err, output.spec, "");
  Break(message.err, output.spec);
}

Status TransactionProducer::status() {
  if (!open_ || !status_.ok()) return status_;
  Poll(0);
  int error = TroubleCode();
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = given_up_;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return status_;
  tap::KafkaOutput any = settings_.cluster;
  any.topic.clear();
  for (const auto& [id, output] : outputs_) {
    if (output.wrote) any.topic += (any.topic.empty() ? "" : " or ") + output.spec.topic;
  }
  Break(error, any);
  return status_;
}

Status TransactionProducer::Save(
    const std::vector<StateToSave>& states,
    const std::function<Status(const std::map<uint32_t, int64_t>&)>& send_offsets) {
  TT_RETURN_IF_ERROR(status());
  const auto written = checkpoints_.Write(get(), states);
  // A record that was refused keeps the checkpoints from coming through, and says more.
  if (const Status own = status(); !own.ok()) return own;
  if (!written.ok()) return written.status();
  if (!states.empty()) TT_RETURN_IF_ERROR(send_offsets(*written));
  const Status committed = Commit();
  if (!committed.ok()) {
    status().IgnoreError();  // and which topic it was
    return status_.ok() && !states.empty() ? Late(committed) : committed;
  }
  End(true);
  return absl::OkStatus();
}

// The brokers have the checkpoints, or answer at least, but have not all records.
Status TransactionProducer::Late(const Status& why) {
  std::string topics;
  for (auto& [id, output] : outputs_) {
    output.late = output.on_way > 0;
    if (output.late) topics += (topics.empty() ? "" : "\" or \"") + output.spec.topic;
  }
  return topics.empty() ? why : TakesNothing(topics);
}

void TransactionProducer::AbortOpen() {
  if (!open_) return;
  ending_ = true;
  if (begun_) Abort();
  const bool late = std::any_of(outputs_.begin(), outputs_.end(),
                                [](const auto& one) { return one.second.late; });
  if (late) LeaveId();
  End(false);
  ending_ = false;
}

// Its first record was taken and another one was not: trying it tells nothing more.
void TransactionProducer::Strike(Output* output) {
  const Status why = std::exchange(output->failed, absl::OkStatus());
  if (++output->strikes < kStrikes) return;
  output->strikes = 0;
  Refuse(output, why).IgnoreError();
}

// Outputs that nobody has any more go.
void TransactionProducer::End(bool committed) {
  open_ = begun_ = false;
  status_ = absl::OkStatus();
  tries_ = 0;
  given_up_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (auto& [id, output] : outputs_) {
    if (committed) output.strikes = 0;
    if (committed && output.refused.ok()) output.held_up_since = output.pause = 0;
    output.on_way = 0;
    if (!output.failed.ok()) Strike(&output);
    if (std::exchange(output.late, false) && HeldUp(&output, true)) HoldOff(&output).IgnoreError();
    if (std::exchange(output.wrote, false)) output.party->Ended(committed);
  }
  std::erase_if(outputs_, [](const auto& one) { return one.second.party.use_count() == 1; });
}

void TransactionProducer::Tend() {
  Poll(0);
  if (open_) return;
  if (Refresh()) Drop();
}

}  // namespace traffictap::shuffle
