// SPDX-License-Identifier: Apache-2.0

// librdkafka calls OnRebalance while a consumer is polled. It is only noted there: what must happen
// before partitions go takes outputs and time, and librdkafka waits for the assign that answers. While
// the consumer closes nobody is there to answer any more, so that is done on the spot.
#include "shuffle/kafka_pairer_log.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/log.h"
#include "fmt/format.h"
#include "kafkaclient/kafka_error.h"
#include "shuffle/checkpoint_topic.h"
#include "shuffle/commit_note.h"
#include "shuffle/kafka_client.h"
#include "shuffle/topic_check.h"

namespace traffictap::shuffle {
namespace {

constexpr base::Nanos kPartitionsEvery = 5 * base::kSecond;
constexpr int kCommittedMs = 10'000;
constexpr int kCommitMs = 5'000;
constexpr int kEndMs = 5'000;

// A list of partitions of the halves, freed with it.
class Partitions {
 public:
  explicit Partitions(const std::string& topic)
      : topic_(topic), list_(rd_kafka_topic_partition_list_new(16)) {}
  ~Partitions() { rd_kafka_topic_partition_list_destroy(list_); }
  Partitions(const Partitions&) = delete;
  Partitions& operator=(const Partitions&) = delete;

  rd_kafka_topic_partition_t* Add(uint32_t partition) {
    return rd_kafka_topic_partition_list_add(list_, topic_.c_str(),
                                             static_cast<int32_t>(partition));
  }
  rd_kafka_topic_partition_list_t* get() const { return list_; }

 private:
  const std::string topic_;
  rd_kafka_topic_partition_list_t* const list_;
};

class GroupConsumer final : public KafkaClient {
 public:
  explicit GroupConsumer(const ShuffleSettings& settings)
      : KafkaClient(settings.cluster), settings_(settings) {}
  ~GroupConsumer() override { Leave(); }

  Status Join() {
    TT_RETURN_IF_ERROR(CreateConsumer([&](kafkaclient::KafkaSettings& to) {
      to.Set("group.id", settings_.group);
      to.Set("partition.assignment.strategy", "range");
      to.Set("session.timeout.ms", "10000");
      to.Set("heartbeat.interval.ms", "2000");
      to.Set("enable.auto.commit", "false");
      to.Set("enable.auto.offset.store", "false");
      // What retention took is told by the numbers of halves.
      to.Set("auto.offset.reset", "earliest");
      to.Set("fetch.wait.max.ms", "100");
      to.Set("queued.max.messages.kbytes", "16384");
    }));
    Partitions topics(settings_.cluster.topic);
    topics.Add(static_cast<uint32_t>(RD_KAFKA_PARTITION_UA));
    const auto error = rd_kafka_subscribe(get(), topics.get());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    return kafkaclient::KafkaError(error, settings_.cluster, "");
  }

  void Leave() {
    if (get() == nullptr) return;
    closing_ = true;
    // The answer to what may not be answered yet, or closing would wait for it for ever.
    rd_kafka_assign(get(), nullptr);
    rd_kafka_consumer_close(get());
    Destroy();
    closing_ = false;
    events.clear();
  }

  std::deque<LogEvent> events;

 private:
  void OnRebalance(int error, rd_kafka_topic_partition_list_t* partitions) override {
    if (closing_ || (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS &&
                     error != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
      rd_kafka_assign(get(), nullptr);
      return;
    }
    LogEvent event;
    event.kind = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? LogEvent::Kind::kAssigned
                                                               : LogEvent::Kind::kRevoked;
    event.lost = event.kind == LogEvent::Kind::kRevoked && rd_kafka_assignment_lost(get()) != 0;
    for (int i = 0; i < partitions->cnt; ++i) {
      event.partitions.push_back(static_cast<uint32_t>(partitions->elems[i].partition));
    }
    events.push_back(std::move(event));
  }

  const ShuffleSettings settings_;
  bool closing_ = false;
};

}  // namespace

struct KafkaPairerLog::State {
  struct Committed {
    int64_t offset = 0;
    CommitNote note;
  };
  State(const ShuffleSettings& of, const base::Clock* by)
      : settings(of), clock(by), checkpoints(of), consumer(of) {}
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
      const Status checked = CheckTopic(checkpoints.get(), settings, needs);
      // What went wrong is often told long before, as reconnecting backs off.
      if (absl::IsUnavailable(checked) && !checkpoints.trouble().ok()) return checkpoints.trouble();
      TT_RETURN_IF_ERROR(checked);
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

  Status Commit(const std::map<uint32_t, Committed>& commits) {
    Partitions list(settings.cluster.topic);
    for (const auto& [partition, commit] : commits) {
      auto* one = list.Add(partition);
      const std::string note = Encode(commit.note);
      one->offset = commit.offset;
      one->metadata = strdup(note.c_str());  // freed with the list
      one->metadata_size = note.size();
    }
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

  const ShuffleSettings settings;
  const base::Clock* const clock;
  CheckpointTopic checkpoints;
  GroupConsumer consumer;
  std::map<uint32_t, Committed> committed;  // as far as is known
  rd_kafka_message_t* message = nullptr;    // whose bytes are the caller's until the next call
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
  std::map<uint32_t, CommittedState> out;
  std::map<uint32_t, int64_t> checkpoints;
  state_->committed.clear();
  if (partitions.empty()) return out;
  Partitions list(state_->settings.cluster.topic);
  for (const uint32_t partition : partitions) list.Add(partition);
  const auto error = rd_kafka_committed(state_->consumer.get(), list.get(), kCommittedMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return state_->Error(error);
  for (int i = 0; i < list.get()->cnt; ++i) {
    const auto& one = list.get()->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return state_->Error(one.err);
    if (one.offset < 0) continue;
    const auto note = DecodeCommitNote({static_cast<const char*>(one.metadata), one.metadata_size});
    if (!note.ok()) {
      return absl::DataLossError(fmt::format(
          "group \"{}\" is used by another program in partition {}: {}. Set --shuffle-group to a "
          "name of its own",
          state_->settings.group, one.partition, Message(note.status())));
    }
    const auto partition = static_cast<uint32_t>(one.partition);
    state_->committed[partition] = {one.offset, *note};
    out[partition].guard = note->guard;
    if (note->checkpoint != CrashGuard::kNone) checkpoints[partition] = note->checkpoint;
  }
  auto read = state_->checkpoints.Read(checkpoints);
  if (!read.ok()) return read.status();
  for (auto& [partition, checkpoint] : *read) out[partition].checkpoint = std::move(checkpoint);
  return out;
}

// Where nobody has committed anything the offset is that of the first message of all: no checkpoint, so
// nobody begins there.
Status KafkaPairerLog::Guard(const std::map<uint32_t, CrashGuard>& guards) {
  std::map<uint32_t, State::Committed> commits;
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
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : state_->Error(error);
}

void KafkaPairerLog::Release() {
  state_->FreeMessage();
  rd_kafka_assign(state_->consumer.get(), nullptr);
}

Status KafkaPairerLog::Save(const std::vector<StateToSave>& states) {
  const auto written = state_->checkpoints.Write(states);
  if (!written.ok()) return written.status();
  std::map<uint32_t, State::Committed> commits;
  for (const auto& state : states) {
    commits[state.partition] = {state.next_offset, {written->at(state.partition), {}}};
  }
  return state_->Commit(commits);
}

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
