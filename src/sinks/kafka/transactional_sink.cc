// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/transactional_sink.h"

#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "sinks/kafka/kafka_headers.h"

namespace traffictap::sinks {

class TransactionalSink::Account final : public kafkaclient::RecordTransaction::Party {
 public:
  explicit Account(std::string name) : name_(std::move(name)) {}

  // False: nothing is taken any more, and the records are counted.
  bool Takes(uint64_t records) {
    absl::MutexLock lock(&mutex_);
    if (closed_) CountDropped(DropReason::kClosed, records);
    return !closed_;
  }
  void Wrote(uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    ++open_;
    open_bytes_ += bytes;
  }
  void Dropped(DropReason reason, const Status& why) {
    absl::MutexLock lock(&mutex_);
    CountDropped(reason, 1);
    if (why.code() != counters_.status.code()) {
      log::For("sinks").warn("output fails output=\"{}\" reason={} err=\"{}\"", name_,
                             absl::StatusCodeToString(why.code()), Message(why));
    }
    counters_.status = why;
  }
  // Of one that closes nobody knows to whom they come again.
  void Ended(bool committed) override {
    absl::MutexLock lock(&mutex_);
    const uint64_t records = std::exchange(open_, 0);
    const uint64_t bytes = std::exchange(open_bytes_, 0);
    if (committed && records > 0) {
      counters_.offered += records;
      counters_.delivered += records;
      counters_.delivered_bytes += bytes;
      if (!counters_.status.ok()) log::For("sinks").info("output recovered output=\"{}\"", name_);
      counters_.status = absl::OkStatus();
    } else if (!committed && closed_) {
      CountDropped(DropReason::kClosed, records);
    }
  }

  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  bool Closed() {
    absl::MutexLock lock(&mutex_);
    return closed_ && open_ == 0;
  }
  bool AwaitEnd(base::Nanos wait) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(this, &Account::Ended), absl::Nanoseconds(wait));
  }
  SinkCounters counters() const {
    absl::MutexLock lock(&mutex_);
    return counters_;
  }

 private:
  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_ == 0; }
  void CountDropped(DropReason reason, uint64_t records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    counters_.offered += records;
    counters_.dropped[static_cast<size_t>(reason)] += records;
  }

  const std::string name_;
  mutable absl::Mutex mutex_;
  SinkCounters counters_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t open_ ABSL_GUARDED_BY(mutex_) = 0;  // in the transaction, in no counter
  uint64_t open_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

TransactionalSink::TransactionalSink(tap::KafkaOutput spec, std::string name,
                                     kafkaclient::RecordTransaction* transaction)
    : spec_(std::move(spec)),
      transaction_(transaction),
      account_(std::make_shared<Account>(std::move(name))) {}

TransactionalSink::~TransactionalSink() { account_->Close(); }

void TransactionalSink::Offer(traffic::RecordSelection records) {
  if (!records.batch || !account_->Takes(records.size())) return;
  for (size_t i = 0; i < records.size(); ++i) Write(*records.batch, records.index(i));
}

void TransactionalSink::Write(const traffic::RecordBatch& batch, size_t index) {
  std::string line = batch.json_line(index);
  line.pop_back();
  if (line.size() > spec_.max_record_bytes) {
    return account_->Dropped(DropReason::kTooLarge,
                             absl::OutOfRangeError("kafka: record larger than maxRecordSize"));
  }
  const Status written = transaction_->Write(
      account_, spec_,
      {.key = batch.key(index), .value = line, .headers = HeadersOf(spec_.headers, batch, index)});
  if (written.ok()) return account_->Wrote(line.size());
  const bool large = absl::IsOutOfRange(written);
  account_->Dropped(large ? DropReason::kTooLarge : DropReason::kWriteFailed, written);
}

Status TransactionalSink::Flush(base::Nanos wait) {
  if (account_->AwaitEnd(wait)) return absl::OkStatus();
  return absl::DeadlineExceededError("records are in a transaction that is open");
}

void TransactionalSink::BeginClose(base::Nanos) { account_->Close(); }

bool TransactionalSink::Closed() { return account_->Closed(); }

void TransactionalSink::Close(base::Nanos wait) {
  account_->Close();
  account_->AwaitEnd(wait);
}

SinkCounters TransactionalSink::counters() const { return account_->counters(); }

}  // namespace traffictap::sinks
