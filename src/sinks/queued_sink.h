#pragma once

#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "sinks/record_writer.h"
#include "sinks/sink.h"

namespace traffictap::sinks {

struct QueuedSinkOptions {
  std::string name;  // for the log: "namespace/tap output"
  uint64_t queue_bytes_max = 64 << 20;
  base::Nanos backoff_min = 100 * base::kMillisecond;
  base::Nanos backoff_max = 5 * base::kSecond;
  base::Nanos poll_interval = 100 * base::kMillisecond;
  base::Nanos tell_interval = 10 * base::kSecond;  // between two lines of the log
};

// A sink with one thread that drives a RecordWriter from a queue bounded by bytes. Keeps the counters.
class QueuedSink final : public Sink, private RecordLedger {
 public:
  QueuedSink(std::unique_ptr<RecordWriter> writer, QueuedSinkOptions options);
  ~QueuedSink() override;  // Close(0)

  void Offer(traffic::RecordSelection records) override;
  Status Flush(base::Nanos wait) override;
  void Close(base::Nanos wait) override;
  SinkCounters counters() const override;

 private:
  struct Item {
    traffic::RecordSelection records;
    size_t bytes = 0;
    size_t done = 0;
  };

  void Delivered(uint64_t records, uint64_t bytes) override;
  void Dropped(DropReason reason, uint64_t records, const Status& why) override;
  void Troubled(const Status& why) override;

  // Logs that the output began to fail, fails in another way or works again.
  void Tell(const Status& status);
  void Run();
  bool OpenWriter();
  void WriteFront();
  void Settle(const Item& item, const WriteResult& result);
  void FlushIfAsked();
  void BackOff(const Status& why);
  void DropQueued();
  bool HasWorkOrClosing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MustStop() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_; }

  const QueuedSinkOptions options_;
  const std::unique_ptr<RecordWriter> writer_;     // only the thread touches it
  base::Nanos backoff_ = 0;                        // only the thread touches it
  absl::StatusCode told_ = absl::StatusCode::kOk;  // only the thread touches it
  absl::Time tell_next_ = absl::InfinitePast();    // only the thread touches it
  absl::Mutex closing_mutex_;                      // a second Close waits for the first one
  mutable absl::Mutex mutex_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  SinkCounters counters_ ABSL_GUARDED_BY(mutex_);
  uint64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;    // records that ever went into the queue
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;       // of them: that left it, first in first out
  uint64_t flush_goal_ ABSL_GUARDED_BY(mutex_) = 0;  // of accepted_: what somebody waits for
  uint64_t flushed_ ABSL_GUARDED_BY(mutex_) = 0;     // of taken_: delivered or dropped, all of them
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  base::Nanos close_wait_ ABSL_GUARDED_BY(mutex_) = 0;
  std::jthread thread_;
};

}  // namespace traffictap::sinks
