// SPDX-License-Identifier: Apache-2.0
#include "shuffle/kafka_pairer_log.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/deadline.h"
#include "base/log.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/checkpoint_topic.h"
#include "shuffle/commit_note.h"
#include "shuffle/group_consumer.h"
#include "shuffle/topic_check.h"
#include "shuffle/transaction_producer.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kPartitionsEvery = 5 * base::kSecond;
// While a transaction of a former owner is open the broker says nothing of its offsets: until it has timed out
// and the broker has noticed.
constexpr base::Nanos kCommittedMax = 20 * base::kSecond;
constexpr int kCommittedMs = 10'000;  // of one try
constexpr int kCommitMs = 5'000;
constexpr int kEndMs = 5'000;

}  // namespace

struct KafkaPairerLog::State {
  struct Committed {
    int64_t offset = 0;
    CommitNote note;
  };
  State(const ShuffleSettings& of, const base::Clock* by)
      : settings(of), clock(by), checkpoints(of), transactions(of, by), consumer(of) {}
  ~State() { FreeMessage(); }

  Status Error(int error) const {
    if (error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
      return absl::PermissionDeniedError(
          fmt::format("kafka: group \"{}\" is not this user's: allow it Read", settings.group));
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      return absl::PermissionDeniedError(fmt::format(
          "kafka: topic \"{}\" is not this user's: allow it Read", settings.cluster.topic));
    }
    return kafkaclient::KafkaError(error, settings.cluster, "");
  }

  Status Open() {
    TT_RETURN_IF_ERROR(checkpoints.Open());
    rd_kafka_poll(checkpoints.get(), 0);
    for (const TopicNeeds& needs : {HalvesTopic(settings), CheckpointsTopic(settings)}) {
      TT_RETURN_IF_ERROR(checkpoints.Explained(CheckTopic(checkpoints.get(), settings, needs)));
    }
    checkpoints.ForgetTrouble();
    check_at = clock->Monotonic() + kPartitionsEvery;
    trouble = absl::OkStatus();
    return consumer.Join();
  }

  void FreeMessage() {
    if (message != nullptr) rd_kafka_message_destroy(std::exchange(message, nullptr));
  }

  // Not ok: the log has to be opened again.
  Status Check() {
    if (consumer.Failed()) return absl::UnavailableError("kafka: the consumer failed for good");
    if (consumer.Refresh()) return absl::UnavailableError("kafka: the certificates have changed");
    if (checkpoints.Refresh()) checkpoints.Destroy();
    if (settings.cipher && settings.cipher->Refresh()) {
      return absl::UnavailableError("the keys of blocks have changed");
    }
    if (clock->Monotonic() < check_at) return absl::OkStatus();
    check_at = clock->Monotonic() + kPartitionsEvery;
    const Status count = CheckPartitions(consumer.get(), settings, HalvesTopic(settings));
    return IsRetryable(count) ? absl::OkStatus() : count;
  }

  LogEvent Take(const rd_kafka_message_t& from) {
    LogEvent out;
    if (from.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (from.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) trouble = Error(from.err);
      return out;
    }
    trouble = absl::OkStatus();
    consumer.ForgetTrouble();
    out.kind = LogEvent::Kind::kMessage;
    out.partition = static_cast<uint32_t>(from.partition);
    out.offset = from.offset;
    out.appended = rd_kafka_message_timestamp(&from, nullptr) * base::kMillisecond;
    out.bytes = {static_cast<const char*>(from.payload), from.len};
    return out;
  }

  using Commits = std::map<uint32_t, Committed>;
  static Commits CommitsOf(const std::vector<StateToSave>& states,
                           const std::map<uint32_t, int64_t>& checkpoints) {
    Commits out;
    for (const auto& state : states) {
      out[state.partition] = {state.next_offset, {checkpoints.at(state.partition), {}}};
    }
    return out;
  }
  static void Fill(const Commits& commits, Partitions* list) {
    for (const auto& [partition, commit] : commits) {
      auto* one = list->Add(partition);
      const std::string note = Encode(commit.note);
      one->offset = commit.offset;
      one->metadata = strdup(note.c_str());  // freed with the list
      one->metadata_size = note.size();
    }
  }

  Status Commit(const Commits& commits) {
    Partitions list(settings.cluster.topic);
    Fill(commits, &list);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(consumer.get());
    const absl::Cleanup free_queue = [&] { rd_kafka_queue_destroy(queue); };
    auto error = rd_kafka_commit_queue(consumer.get(), list.get(), queue, nullptr, nullptr);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(error);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kCommitMs);
    if (event == nullptr) return absl::UnavailableError("kafka: no answer to a commit");
    const absl::Cleanup free_event = [&] { rd_kafka_event_destroy(event); };
    error = rd_kafka_event_error(event);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(error);
    for (const auto& [partition, commit] : commits) committed[partition] = commit;
    return absl::OkStatus();
  }

  Status Recall(const std::vector<uint32_t>& partitions, base::Nanos wait) {
    committed.clear();
    if (partitions.empty()) return absl::OkStatus();
    Partitions list(settings.cluster.topic);
    for (const uint32_t partition : partitions) list.Add(partition);
    const base::Deadline deadline(wait);
    auto error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (error == RD_KAFKA_RESP_ERR__TIMED_OUT && deadline.left() > 0) {
      error = rd_kafka_committed(consumer.get(), list.get(),
                                 std::min(kCommittedMs, deadline.left_ms()));
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(error);
    for (int i = 0; i < list.get()->cnt; ++i) {
      const auto& one = list.get()->elems[i];
      if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(one.err);
      if (one.offset < 0) continue;
      const auto note =
          DecodeCommitNote({static_cast<const char*>(one.metadata), one.metadata_size});
      if (!note.ok()) {
        return absl::DataLossError(fmt::format(
            "group \"{}\" is used by another program in partition {}: {}. Set --shuffle-group to a "
            "name of its own",
            settings.group, one.partition, Message(note.status())));
      }
      committed[static_cast<uint32_t>(one.partition)] = {one.offset, *note};
    }
    return absl::OkStatus();
  }

  Status SaveInTransaction(const std::vector<StateToSave>& states) {
    Commits commits;
    const auto send_offsets = [&](const std::map<uint32_t, int64_t>& places) {
      commits = CommitsOf(states, places);
      Partitions list(settings.cluster.topic);
      Fill(commits, &list);
      return transactions.SendOffsets(list.get(), consumer.membership());
    };
    TT_RETURN_IF_ERROR(transactions.Save(states, send_offsets));
    for (const auto& [partition, commit] : commits) committed[partition] = commit;
    return absl::OkStatus();
  }

  const ShuffleSettings settings;
  const base::Clock* const clock;
  CheckpointTopic checkpoints;
  TransactionProducer transactions;
  GroupConsumer consumer;
  Commits committed;                      // as far as is known
  rd_kafka_message_t* message = nullptr;  // whose bytes are the caller's until the next call
  base::Nanos check_at = 0;
  Status trouble;
};

KafkaPairerLog::KafkaPairerLog(const ShuffleSettings& settings, const base::Clock* clock)
    : state_(std::make_unique<State>(settings, clock)) {}

KafkaPairerLog::~KafkaPairerLog() = default;

Status KafkaPairerLog::Open() {
  const Status opened = state_->Open();
  if (!opened.ok()) state_->consumer.Leave();
  return opened;
}

void KafkaPairerLog::Close() {
  state_->FreeMessage();
  state_->consumer.Leave();
}

LogEvent KafkaPairerLog::Poll(base::Nanos wait) {
  auto& events = state_->consumer.events;
  state_->FreeMessage();
  LogEvent out;
  if (events.empty()) {
    if (state_->checkpoints.get() != nullptr) rd_kafka_poll(state_->checkpoints.get(), 0);
    state_->transactions.Tend();
    out.failed = state_->Check();
    if (!out.failed.ok()) {
      out.kind = LogEvent::Kind::kRevoked;
      return out;
    }
    state_->message =
        rd_kafka_consumer_poll(state_->consumer.get(), static_cast<int>(wait / base::kMillisecond));
  }
  if (events.empty()) return state_->message == nullptr ? out : state_->Take(*state_->message);
  // A message that came along is read again by whoever has the partition next.
  out = std::move(events.front());
  events.pop_front();
  return out;
}

StatusOr<std::map<uint32_t, CommittedState>> KafkaPairerLog::ReadCommitted(
    const std::vector<uint32_t>& partitions) {
  TT_RETURN_IF_ERROR(state_->Recall(partitions, kCommittedMax));
  std::map<uint32_t, CommittedState> out;
  std::map<uint32_t, int64_t> checkpoints;
  for (const auto& [partition, one] : state_->committed) {
    out[partition].guard = one.note.guard;
    if (one.note.checkpoint != CrashGuard::kNone) checkpoints[partition] = one.note.checkpoint;
  }
  auto read = state_->checkpoints.Read(checkpoints);
  if (!read.ok()) return read.status();
  for (auto& [partition, checkpoint] : *read) out[partition].checkpoint = std::move(checkpoint);
  return out;
}

Status KafkaPairerLog::Recall(const std::vector<uint32_t>& partitions, base::Nanos wait) {
  return state_->Recall(partitions, wait);
}

// Where nobody has committed anything the offset is that of the first message of all: no checkpoint, so
// nobody begins there.
Status KafkaPairerLog::Guard(const std::map<uint32_t, CrashGuard>& guards) {
  State::Commits commits;
  for (const auto& [partition, guard] : guards) {
    commits[partition] = state_->committed[partition];
    commits[partition].note.guard = guard;
  }
  return state_->Commit(commits);
}

StatusOr<int64_t> KafkaPairerLog::End(uint32_t partition) {
  int64_t low = 0, high = 0;
  const auto error = rd_kafka_query_watermark_offsets(
      state_->consumer.get(), state_->settings.cluster.topic.c_str(),
      static_cast<int32_t>(partition), &low, &high, kEndMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return state_->Error(error);
  return high;
}

Status KafkaPairerLog::Begin(const std::map<uint32_t, int64_t>& offsets) {
  Partitions list(state_->settings.cluster.topic);
  for (const auto& [partition, offset] : offsets) {
    list.Add(partition)->offset = offset == kBeginning ? RD_KAFKA_OFFSET_BEGINNING : offset;
  }
  const auto error = rd_kafka_assign(state_->consumer.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return state_->Error(error);
  rd_kafka_resume_partitions(state_->consumer.get(), list.get());
  return absl::OkStatus();
}

void KafkaPairerLog::Release() {
  state_->FreeMessage();
  rd_kafka_assign(state_->consumer.get(), nullptr);
}

Status KafkaPairerLog::Save(const std::vector<StateToSave>& states) {
  if (state_->transactions.open()) return state_->SaveInTransaction(states);
  const auto written = state_->checkpoints.Write(states);
  if (!written.ok()) return written.status();
  return state_->Commit(State::CommitsOf(states, *written));
}

kafkaclient::RecordTransaction* KafkaPairerLog::records() { return &state_->transactions; }

bool KafkaPairerLog::InTransaction() const { return state_->transactions.open(); }

Status KafkaPairerLog::TransactionStatus() const { return state_->transactions.status(); }

void KafkaPairerLog::Abort() { state_->transactions.AbortOpen(); }

void KafkaPairerLog::Pause(uint32_t partition) {
  Partitions list(state_->settings.cluster.topic);
  list.Add(partition);
  rd_kafka_pause_partitions(state_->consumer.get(), list.get());
}

void KafkaPairerLog::Append(uint32_t partition, const std::string& block) {
  state_->checkpoints.Append(partition, block);
}

uint64_t KafkaPairerLog::Behind(uint32_t partition, int64_t next_offset) const {
  int64_t low = 0, high = 0;
  const auto error =
      rd_kafka_get_watermark_offsets(state_->consumer.get(), state_->settings.cluster.topic.c_str(),
                                     static_cast<int32_t>(partition), &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  return static_cast<uint64_t>(std::max<int64_t>(0, high - next_offset));
}

Status KafkaPairerLog::status() const {
  return state_->trouble.ok() ? state_->consumer.trouble() : state_->trouble;
}

}  // namespace traffictap::shuffle
