// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "sinks/queued_sink.h"
#include "sinks/spool/spool.h"
#include "sinks/spool/spool_drain.h"
#include "sinks/spool/spool_writer.h"

namespace traffictap::sinks {

// A sink whose records wait on disk: a memory queue and a thread put them into a spool, another
// thread gives them to the writer until the destination has acknowledged them. At least once, under
// the same ids; after a crash from where the last acknowledgement was. Offer never waits: with the
// spool's disk full or slow, the memory queue fills up and drops.
class DurableSink final : public Sink {
 public:
  DurableSink(std::unique_ptr<RecordWriter> writer, std::unique_ptr<SpoolDisk> disk,
              SpoolOptions spool, WriterLoopOptions options);
  ~DurableSink() override;  // Close(0)

  void Offer(traffic::RecordSelection records) override;
  Status Flush(base::Nanos wait) override;
  // The time goes first to the disk, then to the destination. What is left stays in the spool and
  // counts as kept; after Discard it is dropped as kClosed.
  void BeginClose(base::Nanos wait) override;
  bool Closed() override;
  void Close(base::Nanos wait) override;
  void Discard() override { end_->discard = true; }
  SinkCounters counters() const override;

 private:
  // Shared with the thread, which may hang for longer than the sink lives.
  struct End {
    std::atomic<bool> discard{false};
    std::atomic<bool> done{false};
  };
  static void Run(const std::shared_ptr<SpoolDrain>& drain, const std::shared_ptr<Spool>& spool,
                  const std::shared_ptr<End>& end);
  SinkCounters Sum(const DrainCounters& out, const SpoolCounters& spool) const;

  const base::Clock* const clock_;
  const base::Nanos abandon_after_;
  const std::shared_ptr<End> end_ = std::make_shared<End>();
  const std::shared_ptr<Spool> spool_;
  const std::shared_ptr<SpoolDrain> drain_;
  std::unique_ptr<QueuedSink> intake_;
  mutable absl::Mutex mutex_;
  base::Nanos close_deadline_ ABSL_GUARDED_BY(mutex_) = 0;
  base::Nanos give_up_at_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ends_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // the drain's
};

}  // namespace traffictap::sinks
