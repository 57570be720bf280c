#include "sinks/queued_sink.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"

namespace traffictap::sinks {
namespace {

// Some records of a batch keep the whole batch alive, but outputs share it: each is charged its
// part.
size_t Share(const traffic::RecordSelection& records) {
  constexpr size_t kOverhead = 64;
  const size_t whole = std::max<size_t>(records.batch->size(), 1);
  return kOverhead + records.batch->bytes() / whole * records.size();
}

}  // namespace

const char* ToString(DropReason reason) {
  switch (reason) {
    case DropReason::kQueueFull: return "QueueFull";
    case DropReason::kWriteFailed: return "WriteFailed";
    case DropReason::kTooLarge: return "TooLarge";
    case DropReason::kTimedOut: return "TimedOut";
    case DropReason::kClosed: return "Closed";
  }
  return "Unknown";
}

QueuedSink::QueuedSink(std::unique_ptr<RecordWriter> writer, QueuedSinkOptions options)
    : options_(options), writer_(std::move(writer)), thread_([this] { Run(); }) {}

QueuedSink::~QueuedSink() { Close(0); }

void QueuedSink::Offer(traffic::RecordSelection records) {
  if (records.batch == nullptr || records.size() == 0) return;
  const uint64_t count = records.size();
  const size_t bytes = Share(records);
  absl::MutexLock lock(&mutex_);
  counters_.offered += count;
  if (closed_) {
    counters_.dropped[static_cast<size_t>(DropReason::kClosed)] += count;
    return;
  }
  // An empty queue takes anything, so that a bound set too low slows but never blocks for ever.
  if (bytes_ + bytes > options_.queue_bytes_max && bytes_ > 0) {
    counters_.dropped[static_cast<size_t>(DropReason::kQueueFull)] += count;
    if (counters_.status.ok()) {
      counters_.status = absl::ResourceExhaustedError("queue records: the output is too slow");
    }
    return;
  }
  bytes_ += bytes;
  accepted_ += count;
  counters_.queued += count;
  items_.push_back({std::move(records), bytes, 0});
}

Status QueuedSink::Flush(base::Nanos wait) {
  absl::MutexLock lock(&mutex_);
  const uint64_t goal = accepted_;
  flush_goal_ = std::max(flush_goal_, goal);
  const auto done = [this, goal]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ ? counters_.queued == 0 : flushed_ >= goal;
  };
  if (mutex_.AwaitWithTimeout(absl::Condition(&done), absl::Nanoseconds(wait))) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      "flush output: records still wait" +
      (counters_.status.ok() ? "" : ": " + Message(counters_.status)));
}

void QueuedSink::Close(base::Nanos wait) {
  absl::MutexLock closing(&closing_mutex_);
  if (!thread_.joinable()) return;
  const absl::Time deadline = absl::Now() + absl::Nanoseconds(wait);
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    const auto drained = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return items_.empty(); };
    mutex_.AwaitWithDeadline(absl::Condition(&drained), deadline);
    stop_ = true;
    close_wait_ = std::max<int64_t>(0, absl::ToInt64Nanoseconds(deadline - absl::Now()));
  }
  thread_.join();
}

SinkCounters QueuedSink::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

void QueuedSink::Delivered(uint64_t records, uint64_t bytes) {
  if (records == 0) return;
  {
    absl::MutexLock lock(&mutex_);
    counters_.queued -= records;
    counters_.delivered += records;
    counters_.delivered_bytes += bytes;
    counters_.status = absl::OkStatus();
  }
  Tell(absl::OkStatus());
}

void QueuedSink::Dropped(DropReason reason, uint64_t records, const Status& why) {
  if (records == 0) return;
  {
    absl::MutexLock lock(&mutex_);
    counters_.queued -= records;
    counters_.dropped[static_cast<size_t>(reason)] += records;
    if (!why.ok()) counters_.status = why;
  }
  if (!why.ok()) Tell(why);
}

void QueuedSink::Troubled(const Status& why) {
  if (why.ok()) return;
  {
    absl::MutexLock lock(&mutex_);
    counters_.status = why;
  }
  Tell(why);
}

void QueuedSink::Tell(const Status& status) {
  // One failure often follows from another, which came a moment before and told less: no waiting.
  const bool other_failure = !status.ok() && told_ != absl::StatusCode::kOk;
  if (status.code() == told_ || (absl::Now() < tell_next_ && !other_failure)) return;
  told_ = status.code();
  tell_next_ = absl::Now() + absl::Nanoseconds(options_.tell_interval);
  if (status.ok()) {
    log::For("sinks").info("output works again output=\"{}\"", options_.name);
  } else {
    log::For("sinks").warn("output fails output=\"{}\" reason={} err=\"{}\"", options_.name,
                           absl::StatusCodeToString(status.code()), Message(status));
  }
}

bool QueuedSink::HasWorkOrClosing() const {
  return stop_ || !items_.empty() || flush_goal_ > flushed_;
}

void QueuedSink::Run() {
  bool open = false;
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &QueuedSink::HasWorkOrClosing),
                              absl::Nanoseconds(options_.poll_interval));
      if (stop_) break;
    }
    if (!open && !(open = OpenWriter())) continue;
    writer_->Poll();
    WriteFront();
    FlushIfAsked();
  }
  DropQueued();
  base::Nanos wait = 0;
  {
    absl::MutexLock lock(&mutex_);
    wait = close_wait_;
  }
  writer_->Close(wait);
}

bool QueuedSink::OpenWriter() {
  const Status opened = writer_->Open(this);
  if (opened.ok()) {
    backoff_ = 0;
    return true;
  }
  BackOff(opened);
  return false;
}

// Only this thread takes items away, so the front stays where it is while the lock is free.
void QueuedSink::WriteFront() {
  Item item;
  {
    absl::MutexLock lock(&mutex_);
    if (items_.empty()) return;
    item = items_.front();
  }
  Settle(item, writer_->Write(item.records, item.done));
}

void QueuedSink::Settle(const Item& item, const WriteResult& result) {
  const size_t left = item.records.size() - item.done - result.taken;
  const bool give_up = !result.status.ok() && !IsRetryable(result.status);
  {
    absl::MutexLock lock(&mutex_);
    items_.front().done += result.taken;
    taken_ += result.taken + (give_up ? left : 0);
    if (left == 0 || give_up) {
      bytes_ -= item.bytes;
      items_.pop_front();
    }
  }
  if (give_up) Dropped(DropReason::kWriteFailed, left, result.status);
  if (!result.status.ok() && !give_up) {
    // Something went through: the outside is alive, so the back-off starts over.
    if (result.taken > 0) backoff_ = 0;
    BackOff(result.status);
  } else {
    backoff_ = 0;
  }
}

// Once all that somebody waits for has left the queue; what comes after it does not matter.
void QueuedSink::FlushIfAsked() {
  {
    absl::MutexLock lock(&mutex_);
    if (flush_goal_ <= flushed_ || taken_ < flush_goal_) return;
  }
  const Status flushed = writer_->Flush();
  if (!flushed.ok()) return BackOff(flushed);
  writer_->Poll();
  absl::MutexLock lock(&mutex_);
  const uint64_t in_flight = counters_.queued - (accepted_ - taken_);
  if (in_flight == 0) {
    flushed_ = taken_;
    return;
  }
  // A writer that settles later (Kafka) is asked again until its reports are in.
  mutex_.AwaitWithTimeout(absl::Condition(this, &QueuedSink::MustStop), absl::Milliseconds(2));
}

// Once somebody waits in Close, there is no time for long waits any more.
void QueuedSink::BackOff(const Status& why) {
  Troubled(why);
  backoff_ = std::clamp(backoff_ * 2, options_.backoff_min, options_.backoff_max);
  absl::MutexLock lock(&mutex_);
  const bool closing = closed_;
  const auto awaited = [this, closing]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_ || closed_ != closing;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&awaited),
                          absl::Nanoseconds(closing ? options_.backoff_min : backoff_));
}

void QueuedSink::DropQueued() {
  absl::MutexLock lock(&mutex_);
  for (const Item& item : items_) {
    const uint64_t left = item.records.size() - item.done;
    counters_.queued -= left;
    counters_.dropped[static_cast<size_t>(DropReason::kClosed)] += left;
  }
  items_.clear();
  bytes_ = 0;
}

}  // namespace traffictap::sinks
