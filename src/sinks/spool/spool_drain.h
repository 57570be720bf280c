// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "sinks/spool/patient_writer.h"
#include "sinks/spool/spool.h"
#include "sinks/writer_loop.h"

namespace traffictap::sinks {

// What a drain has settled. Each record counts once, however often it was written.
struct DrainCounters {
  uint64_t delivered = 0;
  uint64_t delivered_bytes = 0;
  std::array<uint64_t, kDropReasonCount> dropped{};
  uint64_t replayed = 0;  // written again: by a former life perhaps, or as the writer lost them
  Status status;
};

// The way out of a spool: gives its records to a writer, one portion after the other, and
// acknowledges a portion when the writer has settled all of it, in whatever order. So what is
// written again after a crash, or after the destination lost a part, is a portion at most. One
// caller calls Step again and again; everything else is thread-safe and never waits for the outside.
class SpoolDrain {
 public:
  SpoolDrain(std::shared_ptr<Spool> spool, std::unique_ptr<RecordWriter> writer,
             WriterLoopOptions options);

  // As WriterLoop::Step.
  base::Nanos Step();
  // Waits for something new in the spool, or to be closed; at most `wait`.
  void AwaitWork(base::Nanos wait);
  // Something is in the spool.
  void Wake();

  // Ends it: the writer has `wait` for what it has taken, and what is not settled stays in the
  // spool. The first call counts.
  void BeginClose(base::Nanos wait);
  // As WriterLoop::Closed.
  bool Closed() { return loop_.Closed(); }
  bool abandoned() const { return loop_.abandoned(); }
  DrainCounters counters() const;

 private:
  // What the writer has in hand.
  struct Portion {
    traffic::RecordSelection records;
    SpoolPosition end;
    uint64_t unreadable = 0;  // records that no build of ours can read any more
    bool recovered = false;
    bool offered = false;  // to the loop
    SinkCounters before;   // the loop's, when it was offered
    uint64_t again_before = 0;
  };

  void Feed();
  Status Fill();
  Status Gather(Portion* next, std::shared_ptr<traffic::RecordBatch>* batch);
  void Offer();
  // True where the portion is settled.
  bool Judge();
  void Finish(const SinkCounters& after);
  void Repeat(base::Nanos pause, bool counts);
  bool IsWoken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_; }

  const std::shared_ptr<Spool> spool_;
  const WriterLoopOptions options_;
  // Only Step touches these.
  std::optional<Portion> portion_;
  std::optional<SpooledBlock> ahead_;  // read, but of another tap than the portion
  bool unacked_ = false;               // the portion is settled, and the spool does not know yet
  base::Nanos retry_at_ = 0;

  mutable absl::Mutex mutex_;
  DrainCounters counters_ ABSL_GUARDED_BY(mutex_);
  Status trouble_ ABSL_GUARDED_BY(mutex_);  // of the spool
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  PatientWriter* const writer_;  // the loop's
  WriterLoop loop_;
};

}  // namespace traffictap::sinks
