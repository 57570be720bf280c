// SPDX-License-Identifier: Apache-2.0

// One output's queue, and what becomes of it. What always holds (under mutex_):
//   offered = delivered + sum of dropped + queued
//   queued  = records in items_ + in flight (taken by the writer, not settled yet)
//   bytes_  = what items_ keep alive + the share of it that is in flight; never over
//             queue_bytes_max by more than one item, and charged to the memory pool besides
// Who calls: the pairing threads offer, one of them closes and asks whether it is closed; any thread
// reads the counters; one thread (QueuedSink's, or a test) calls Step, and that alone calls the writer. A
// call to the writer may hang for ever, so none is made under mutex_, and nobody ever waits for one
// without an end: Closed gives a writer up that is over its time, takes the queue away under its
// hands (so Step copies what it works on) and from then on ignores whatever the writer says.
// The order in a step: closing comes first, then the back-off, then open, poll, write, flush. Once
// closing begins, an old back-off ends at once and new ones are short: there is no time for more.
#include "sinks/writer_loop.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

std::atomic<int> abandoned_writers{0};

constexpr base::Nanos kSettleInterval = 2 * base::kMillisecond;

// What the selection keeps in memory: a part of a batch keeps all of it alive.
size_t Charge(const traffic::RecordSelection& records) {
  constexpr size_t kOverhead = 64;
  return kOverhead + records.batch->footprint() + records.indexes.size() * sizeof(uint32_t);
}

}  // namespace

int AbandonedWriters() { return abandoned_writers; }

auto WriterLoop::Ask(auto what) {
  call_since_ = std::max<base::Nanos>(1, options_.clock->Monotonic());
  const absl::Cleanup done = [this] { call_since_ = 0; };
  return what();
}

WriterLoop::WriterLoop(std::unique_ptr<RecordWriter> writer, WriterLoopOptions options)
    : options_(std::move(options)),
      memory_(options_.memory ? options_.memory->Open(options_.tap) : nullptr),
      writer_(std::move(writer)) {}

WriterLoop::~WriterLoop() = default;

base::Nanos WriterLoop::Step() {
  const base::Nanos now = options_.clock->Monotonic();
  bool ended = false;
  bool finish = false;
  base::Nanos close_wait = 0;
  {
    absl::MutexLock lock(&mutex_);
    woken_ = false;
    if (std::exchange(retry_now_, false)) retry_at_ = 0;
    ended = ended_;
    finish = MustFinish();
    close_wait = std::max<base::Nanos>(0, close_deadline_ - now);
  }
  if (ended || finish) {
    Finish(close_wait);
    return kForever;
  }
  if (now < retry_at_ || (!open_ && !OpenWriter())) return Wait();
  Ask([&] { writer_->Poll(); });
  WriteFront();
  FlushIfAsked();
  return Wait();
}

base::Nanos WriterLoop::Wait() const {
  const base::Nanos now = options_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  if (ended_ || retry_now_ || MustFinish()) return 0;
  if (retry_at_ > now) return (closed_ ? std::min(retry_at_, close_deadline_) : retry_at_) - now;
  if (!items_.empty()) return 0;
  return flush_goal_ > flushed_ ? kSettleInterval : writer_->PollInterval(options_.poll_interval);
}

void WriterLoop::AwaitWork(base::Nanos wait) {
  if (wait <= 0) return;
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &WriterLoop::IsWoken), absl::Nanoseconds(wait));
}

// An empty queue takes anything, so that a bound set too low slows but never blocks for ever.
bool WriterLoop::HasRoom(size_t bytes) {
  if (bytes_ > 0 && bytes_ + bytes > options_.queue_bytes_max) {
    if (counters_.status.ok()) {
      counters_.status = absl::ResourceExhaustedError("queue records: the output is too slow");
    }
    return false;
  }
  if (!memory_ || memory_->TryCharge(bytes)) return true;
  if (counters_.status.ok()) {
    counters_.status = absl::ResourceExhaustedError(
        "queue records: the output is too slow, and slow outputs use up the memory for all; raise "
        "the collector's --memory");
  }
  return false;
}

void WriterLoop::Offer(traffic::RecordSelection records) {
  if (records.batch == nullptr || records.size() == 0) return;
  const uint64_t count = records.size();
  // Or a match that takes one in a hundred would hold a hundred times what it is worth.
  records = traffic::Detached(std::move(records));
  const size_t bytes = Charge(records);
  absl::MutexLock lock(&mutex_);
  counters_.offered += count;
  if (closed_ || !HasRoom(bytes)) {
    const auto reason = closed_ ? DropReason::kClosed : DropReason::kQueueFull;
    counters_.dropped[static_cast<size_t>(reason)] += count;
    return;
  }
  bytes_ += bytes;
  accepted_ += count;
  counters_.queued += count;
  items_.push_back({std::move(records), bytes, 0});
  woken_ = true;
}

SinkCounters WriterLoop::counters() const {
  const base::Nanos since = call_since_;
  const base::Nanos now = options_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  SinkCounters out = counters_;
  if (since != 0 && !ended_ && now - since >= options_.hung_after) {
    out.status = absl::UnavailableError(fmt::format(
        "write records: no answer for {} s: is the disk, the network or the reader stuck?",
        (now - since) / base::kSecond));
  }
  return out;
}

Status WriterLoop::Flush(base::Nanos wait) {
  absl::MutexLock lock(&mutex_);
  const uint64_t goal = accepted_;
  flush_goal_ = std::max(flush_goal_, goal);
  woken_ = true;
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

void WriterLoop::BeginClose(base::Nanos wait) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  closed_ = woken_ = retry_now_ = true;
  close_deadline_ = options_.clock->Monotonic() + wait;
}

bool WriterLoop::Closed() {
  uint64_t lost = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return true;
    const base::Nanos now = options_.clock->Monotonic();
    if (!closed_ || now < close_deadline_ + options_.abandon_after) return false;
    // Whether what the writer has in its hands got through, nobody will ever know. It stays charged
    // for as long as it lives.
    if (writing_) {
      taken_ += items_.front().left();
      items_.pop_front();
    }
    DropQueued();
    lost = std::exchange(counters_.queued, 0);
    counters_.dropped[static_cast<size_t>(DropReason::kAbandoned)] += lost;
    ended_ = abandoned_ = true;
    ++abandoned_writers;
  }
  log::For("sinks").error("output did not close in time and was abandoned output=\"{}\" records={}",
                          options_.name, lost);
  return true;
}

void WriterLoop::AwaitClosed() {
  while (!Closed()) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &WriterLoop::IsEnded), absl::Milliseconds(50));
  }
}

bool WriterLoop::abandoned() const {
  absl::MutexLock lock(&mutex_);
  return abandoned_;
}

bool WriterLoop::MustFinish() const {
  return closed_ && (items_.empty() || options_.clock->Monotonic() >= close_deadline_);
}

// The last step, once: also where a writer comes back that was abandoned meanwhile, so that it lets
// go of what it holds.
void WriterLoop::Finish(base::Nanos wait) {
  if (std::exchange(finished_, true)) return;
  {
    absl::MutexLock lock(&mutex_);
    if (!ended_) DropQueued();
  }
  Ask([&] { writer_->Close(wait); });
  absl::MutexLock lock(&mutex_);
  if (abandoned_) --abandoned_writers;
  if (ended_) return;
  // A writer owes the end of all that it took; whatever it forgot is not forgotten here.
  counters_.dropped[static_cast<size_t>(DropReason::kClosed)] += counters_.queued;
  counters_.queued = 0;
  Release(bytes_);
  flight_bytes_ = 0;
  ended_ = true;
}

bool WriterLoop::OpenWriter() {
  const Status opened = Ask([&] { return writer_->Open(this); });
  if (!opened.ok()) {
    BackOff(opened);
    return false;
  }
  backoff_ = 0;
  open_ = true;
  return true;
}

void WriterLoop::WriteFront() {
  Item item;
  {
    absl::MutexLock lock(&mutex_);
    if (items_.empty()) return;
    item = items_.front();
    writing_ = true;
  }
  Settle(Ask([&] { return writer_->Write(item.records, item.done); }));
}

void WriterLoop::Settle(const WriteResult& result) {
  const bool give_up = !result.status.ok() && !IsRetryable(result.status);
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (ended_) return;
    Item& front = items_.front();
    front.done += result.taken;
    taken_ += result.taken;
    const uint64_t left = front.left();
    if (give_up) {
      taken_ += left;
      counters_.queued -= left;
      counters_.dropped[static_cast<size_t>(DropReason::kWriteFailed)] += left;
    }
    if (left == 0 || give_up) PopFront();
  }
  if (give_up) Troubled(result.status);
  if (!result.status.ok() && !give_up) {
    // Something went through: the outside is alive, so the back-off starts over.
    if (result.taken > 0) backoff_ = 0;
    BackOff(result.status);
  } else {
    backoff_ = 0;
  }
}

// What the writer has taken and not settled stays charged: it holds a copy of its own.
void WriterLoop::PopFront() {
  const Item& item = items_.front();
  const uint64_t size = item.records.size();
  const size_t kept = item.bytes * std::min<uint64_t>(in_flight(), size) / size;
  flight_bytes_ += kept;
  Release(item.bytes - kept);
  items_.pop_front();
}

void WriterLoop::Release(size_t bytes) {
  bytes_ -= bytes;
  if (memory_) memory_->Release(bytes);
}

// Counts records out of the queue, and gives back their part of what is in flight.
void WriterLoop::TakeOut(uint64_t records) {
  const uint64_t before = in_flight();
  counters_.queued -= records;
  const uint64_t after = in_flight();
  const size_t kept = before == 0 ? 0 : flight_bytes_ * std::min(after, before) / before;
  Release(flight_bytes_ - kept);
  flight_bytes_ = kept;
}

void WriterLoop::DropQueued() {
  for (const Item& item : items_) {
    counters_.queued -= item.left();
    counters_.dropped[static_cast<size_t>(DropReason::kClosed)] += item.left();
    taken_ += item.left();
    Release(item.bytes);
  }
  items_.clear();
}

// Once all that somebody waits for has left the queue; what comes after it does not matter.
void WriterLoop::FlushIfAsked() {
  {
    absl::MutexLock lock(&mutex_);
    if (flush_goal_ <= flushed_ || taken_ < flush_goal_) return;
  }
  const Status flushed = Ask([&] { return writer_->Flush(); });
  if (!flushed.ok()) return BackOff(flushed);
  Ask([&] { writer_->Poll(); });
  absl::MutexLock lock(&mutex_);
  // A writer that settles later (Kafka) is asked again until its reports are in.
  if (in_flight() == 0) flushed_ = taken_;
}

void WriterLoop::BackOff(const Status& why) {
  Troubled(why);
  backoff_ = std::clamp(backoff_ * 2, options_.backoff_min, options_.backoff_max);
  absl::MutexLock lock(&mutex_);
  retry_at_ = options_.clock->Monotonic() + (closed_ ? options_.backoff_min : backoff_);
}

void WriterLoop::Delivered(uint64_t records, uint64_t bytes) {
  if (records == 0) return;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    TakeOut(records);
    counters_.delivered += records;
    counters_.delivered_bytes += bytes;
    counters_.status = absl::OkStatus();
  }
  Tell(absl::OkStatus());
}

void WriterLoop::Dropped(DropReason reason, uint64_t records, const Status& why) {
  if (records == 0) return;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    TakeOut(records);
    counters_.dropped[static_cast<size_t>(reason)] += records;
  }
  Troubled(why);
}

void WriterLoop::Troubled(const Status& why) {
  if (why.ok()) return;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    counters_.status = why;
  }
  Tell(why);
}

void WriterLoop::Tell(const Status& status) {
  // One failure often follows from another, which came a moment before and told less: no waiting.
  const bool other_failure = !status.ok() && told_ != absl::StatusCode::kOk;
  const base::Nanos now = options_.clock->Monotonic();
  if (status.code() == told_ || (now < tell_next_ && !other_failure)) return;
  told_ = status.code();
  tell_next_ = now + options_.tell_interval;
  if (status.ok()) {
    log::For("sinks").info("output recovered output=\"{}\"", options_.name);
  } else {
    log::For("sinks").warn("output fails output=\"{}\" reason={} err=\"{}\"", options_.name,
                           absl::StatusCodeToString(status.code()), Message(status));
  }
}

}  // namespace traffictap::sinks
