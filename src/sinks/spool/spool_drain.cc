// SPDX-License-Identifier: Apache-2.0

// A portion, not a stream: a writer settles records by number and, over several partitions, in any
// order, so that "all of these" is the one thing that can be known of them. While a portion is under
// way nothing else is, which costs the destination's answering time once for each portion; a portion
// is large enough (kPortionBytes) for that not to matter.
#include "sinks/spool/spool_drain.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "traffic/record_codec.h"

namespace traffictap::sinks {
namespace {

constexpr size_t kPortionBytes = size_t{1} << 20;  // encoded: with its JSON about four times that
constexpr base::Nanos kNoRoomPause = 100 * base::kMillisecond;
constexpr base::Nanos kRepeatPause = base::kSecond;

uint64_t Settled(const SinkCounters& counters) {
  uint64_t out = counters.delivered;
  for (const uint64_t dropped : counters.dropped) out += dropped;
  return out;
}

// The bound of a portion is its own.
WriterLoopOptions LoopOptions(WriterLoopOptions options) {
  options.queue_bytes_max = uint64_t{1} << 40;
  return options;
}

}  // namespace

SpoolDrain::SpoolDrain(std::shared_ptr<Spool> spool, std::unique_ptr<RecordWriter> writer,
                       WriterLoopOptions options)
    : spool_(std::move(spool)),
      options_(LoopOptions(std::move(options))),
      writer_(new PatientWriter(std::move(writer))),
      loop_(std::unique_ptr<RecordWriter>(writer_), options_) {}

base::Nanos SpoolDrain::Step() {
  Feed();
  const base::Nanos wait = loop_.Step();
  if (wait == WriterLoop::kForever) {
    if (portion_ && portion_->offered && Judge()) Feed();  // it came through at the last moment
    return wait;
  }
  return portion_ && portion_->offered && Judge() ? 0 : wait;
}

void SpoolDrain::AwaitWork(base::Nanos wait) {
  if (wait <= 0) return;
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &SpoolDrain::IsWoken), absl::Nanoseconds(wait));
  woken_ = false;
}

void SpoolDrain::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void SpoolDrain::BeginClose(base::Nanos wait) {
  loop_.BeginClose(wait);
  absl::MutexLock lock(&mutex_);
  woken_ = closing_ = true;
}

void SpoolDrain::Feed() {
  const base::Nanos now = options_.clock->Monotonic();
  if (now < retry_at_) return;
  Status status;
  if (unacked_) {
    status = spool_->Ack(portion_->end);
    unacked_ = false;  // what the ledger does not know yet comes twice after a crash, no more
    portion_.reset();
  }
  bool closing = false;
  {
    absl::MutexLock lock(&mutex_);
    closing = closing_;
  }
  if (closing) return;
  if (status.ok() && !portion_) status = Fill();
  if (portion_ && !portion_->offered) Offer();
  if (!status.ok()) retry_at_ = now + options_.backoff_min;
  absl::MutexLock lock(&mutex_);
  trouble_ = status;
}

Status SpoolDrain::Fill() {
  Portion next;
  std::shared_ptr<traffic::RecordBatch> batch;
  const Status read = Gather(&next, &batch);
  if (batch) {
    next.records.batch = std::move(batch);
    portion_ = std::move(next);
    return absl::OkStatus();
  }
  if (next.unreadable == 0) return read;
  {
    absl::MutexLock lock(&mutex_);
    counters_.dropped[static_cast<size_t>(DropReason::kSpoolDamaged)] += next.unreadable;
  }
  return spool_->Ack(next.end);
}

// Blocks up to a portion's size; those of another tap wait for the next one.
Status SpoolDrain::Gather(Portion* next, std::shared_ptr<traffic::RecordBatch>* batch) {
  for (size_t bytes = 0; bytes < kPortionBytes;) {
    std::optional<SpooledBlock> block = std::exchange(ahead_, std::nullopt);
    if (!block) {
      auto read = spool_->Read();
      if (!read.ok()) return read.status();
      if (!*read) return absl::OkStatus();
      block = *std::move(read);
    }
    const Status decoded = traffic::DecodeRecords(block->bytes, batch);
    if (decoded.code() == absl::StatusCode::kFailedPrecondition) {
      ahead_ = std::move(block);
      return absl::OkStatus();
    }
    if (!decoded.ok()) {
      log::For("sinks").error("spooled records lost output=\"{}\" records={} err=\"{}\"",
                              options_.name, block->records, Message(decoded));
      next->unreadable += block->records;
    }
    bytes += block->bytes.size();
    next->end = block->end;
    next->recovered = next->recovered || block->recovered;
  }
  return absl::OkStatus();
}

void SpoolDrain::Offer() {
  portion_->before = loop_.counters();
  portion_->again_before = writer_->again();
  portion_->offered = true;
  loop_.Offer(portion_->records);
  (void)loop_.Flush(0);  // the writer is not to wait for more
}

bool SpoolDrain::Judge() {
  const SinkCounters after = loop_.counters();
  const SinkCounters& before = portion_->before;
  if (Settled(after) - Settled(before) < after.offered - before.offered) return false;
  const auto more = [&](DropReason reason) {
    return after.dropped[static_cast<size_t>(reason)] - before.dropped[static_cast<size_t>(reason)];
  };
  if (more(DropReason::kQueueFull) > 0) {
    Repeat(kNoRoomPause, false);
  } else if (writer_->again() > portion_->again_before || more(DropReason::kClosed) > 0 ||
             more(DropReason::kAbandoned) > 0) {
    Repeat(kRepeatPause, true);
  } else {
    Finish(after);
    return true;
  }
  return false;
}

void SpoolDrain::Repeat(base::Nanos pause, bool counts) {
  portion_->offered = false;
  retry_at_ = options_.clock->Monotonic() + pause;
  absl::MutexLock lock(&mutex_);
  if (counts && !closing_) counters_.replayed += portion_->records.size();
}

void SpoolDrain::Finish(const SinkCounters& after) {
  const SinkCounters& before = portion_->before;
  absl::MutexLock lock(&mutex_);
  if (portion_->recovered) counters_.replayed += portion_->records.size();
  counters_.delivered += after.delivered - before.delivered;
  counters_.delivered_bytes += after.delivered_bytes - before.delivered_bytes;
  for (size_t i = 0; i < kDropReasonCount; ++i) {
    counters_.dropped[i] += after.dropped[i] - before.dropped[i];
  }
  counters_.dropped[static_cast<size_t>(DropReason::kSpoolDamaged)] += portion_->unreadable;
  unacked_ = true;
  retry_at_ = 0;
}

DrainCounters SpoolDrain::counters() const {
  const Status status = loop_.counters().status;
  absl::MutexLock lock(&mutex_);
  DrainCounters out = counters_;
  out.status = !status.ok() ? status : trouble_;
  return out;
}

}  // namespace traffictap::sinks
