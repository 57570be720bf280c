// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/process_clock.h"
#include "sinks/memory_pool.h"
#include "sinks/record_writer.h"
#include "sinks/sink.h"

namespace traffictap::sinks {

struct WriterLoopOptions {
  std::string name;  // for the log: "namespace/tap output"
  uint64_t queue_bytes_max = 64 << 20;
  std::shared_ptr<MemoryPool> memory;  // that the queue draws on besides; null: none
  std::string tap;                     // whose share of it
  base::Nanos backoff_min = 100 * base::kMillisecond;
  base::Nanos backoff_max = 5 * base::kSecond;
  base::Nanos poll_interval = 100 * base::kMillisecond;
  base::Nanos tell_interval = 10 * base::kSecond;  // between two lines of the log
  base::Nanos hung_after = 10 * base::kSecond;     // a call to the writer that lasts longer is told
  base::Nanos abandon_after = 3 * base::kSecond;   // the time over its own that a close is given
  const base::Clock* clock = base::ProcessClock();  // outlives the loop
};

// The queue and the state machine of an output, without its thread: one caller calls Step again and
// again, and that call alone may wait for the outside. Everything else is thread-safe and never
// does.
class WriterLoop final : private RecordLedger {
 public:
  static constexpr base::Nanos kForever = INT64_MAX;

  WriterLoop(std::unique_ptr<RecordWriter> writer, WriterLoopOptions options);
  ~WriterLoop() override;

  // One round: opens the writer, polls it, writes the front of the queue, flushes, closes. Returns
  // how long the next one can wait where nothing new comes (0: call again; kForever: ended).
  base::Nanos Step();
  // Waits for something new, at most `wait`.
  void AwaitWork(base::Nanos wait);

  void Offer(traffic::RecordSelection records);
  SinkCounters counters() const;

  // As Sink::Flush.
  Status Flush(base::Nanos wait);
  // From now on nothing is taken; what waits has `wait` to get through. The first call counts.
  void BeginClose(base::Nanos wait);
  // True once nothing is queued any more and the writer is closed. A writer that is over its time
  // by abandon_after is given up here: its records count as kAbandoned, and Step returns kForever
  // whenever the writer comes back.
  bool Closed();
  // Waits until Closed.
  void AwaitClosed();
  bool abandoned() const;

 private:
  struct Item {
    traffic::RecordSelection records;
    size_t bytes = 0;
    size_t done = 0;
    size_t left() const { return records.size() - done; }
  };

  void Delivered(uint64_t records, uint64_t bytes) override;
  void Dropped(DropReason reason, uint64_t records, const Status& why) override;
  void Troubled(const Status& why) override;

  // Logs that the output began to fail, fails in another way or recovers.
  void Tell(const Status& status);
  // Calls `what`, which calls the writer.
  auto Ask(auto what);
  bool OpenWriter();
  void WriteFront();
  void Settle(const WriteResult& result);
  void FlushIfAsked();
  void BackOff(const Status& why);
  void Finish(base::Nanos wait);
  base::Nanos Wait() const;

  bool HasRoom(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MustFinish() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeOut(uint64_t records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PopFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropQueued() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Records that the writer has taken and not settled yet. Too few while it settles what a call has
  // not returned as taken yet.
  uint64_t in_flight() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const uint64_t waiting = accepted_ - taken_;
    return counters_.queued > waiting ? counters_.queued - waiting : 0;
  }
  bool IsWoken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_; }
  bool IsEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_; }

  const WriterLoopOptions options_;
  // Only Step touches these.
  bool open_ = false;
  bool finished_ = false;
  base::Nanos backoff_ = 0;
  base::Nanos retry_at_ = 0;  // no call before it
  absl::StatusCode told_ = absl::StatusCode::kOk;
  base::Nanos tell_next_ = 0;

  std::atomic<base::Nanos> call_since_{0};  // 0: the writer is not being called
  mutable absl::Mutex mutex_;
  const std::unique_ptr<MemoryAccount> memory_ ABSL_PT_GUARDED_BY(mutex_);
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;         // of items_ and of what is in flight
  size_t flight_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of them: in flight
  SinkCounters counters_ ABSL_GUARDED_BY(mutex_);
  uint64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;    // records that ever went into the queue
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;       // of them: that left it, first in first out
  uint64_t flush_goal_ ABSL_GUARDED_BY(mutex_) = 0;  // of accepted_: what somebody waits for
  uint64_t flushed_ ABSL_GUARDED_BY(mutex_) = 0;     // of taken_: delivered or dropped, all of them
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;     // the writer has the front in its hands
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool retry_now_ ABSL_GUARDED_BY(mutex_) = false;  // closing began: no back-off from before it
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  base::Nanos close_deadline_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<RecordWriter> writer_;  // only Step calls it; goes first, as it may report
};

// How many writers of the process were abandoned and have not come back: each keeps a thread.
int AbandonedWriters();

}  // namespace traffictap::sinks
