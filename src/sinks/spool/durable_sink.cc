// SPDX-License-Identifier: Apache-2.0

// The sums: whatever left is read before whatever came, so that what is queued, the difference, is
// never negative, and offered + recovered = delivered + dropped + queued + kept at every moment.
#include "sinks/spool/durable_sink.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace traffictap::sinks {
namespace {

constexpr base::Nanos kWriterEnds = base::kSecond;
constexpr absl::Duration kLookAgain = absl::Milliseconds(10);

uint64_t& Of(SinkCounters* counters, DropReason reason) {
  return counters->dropped[static_cast<size_t>(reason)];
}

WriterLoopOptions IntakeOptions(WriterLoopOptions options) {
  options.name += " spool";
  return options;
}

}  // namespace

DurableSink::DurableSink(std::unique_ptr<RecordWriter> writer, std::unique_ptr<SpoolDisk> disk,
                         SpoolOptions spool, WriterLoopOptions options)
    : clock_(options.clock),
      abandon_after_(options.abandon_after),
      spool_(std::make_shared<Spool>(std::move(disk), std::move(spool))),
      drain_(std::make_shared<SpoolDrain>(spool_, std::move(writer), options)) {
  intake_ = std::make_unique<QueuedSink>(
      std::make_unique<SpoolWriter>(spool_, [drain = drain_] { drain->Wake(); }),
      IntakeOptions(std::move(options)));
  thread_ = std::jthread([drain = drain_, spool = spool_, end = end_] { Run(drain, spool, end); });
}

void DurableSink::Run(const std::shared_ptr<SpoolDrain>& drain, const std::shared_ptr<Spool>& spool,
                      const std::shared_ptr<End>& end) {
  for (base::Nanos wait = 0; wait != WriterLoop::kForever; wait = drain->Step()) {
    drain->AwaitWork(wait);
  }
  spool->Close(end->discard);
  end->done = true;
}

DurableSink::~DurableSink() {
  Close(0);
  if (end_->done) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void DurableSink::Offer(traffic::RecordSelection records) { intake_->Offer(std::move(records)); }

Status DurableSink::Flush(base::Nanos wait) {
  const base::Nanos until = clock_->Monotonic() + wait;
  TT_RETURN_IF_ERROR(intake_->Flush(wait));
  const SpoolCounters goal = spool_->counters();
  for (;;) {
    const SpoolCounters now = spool_->counters();
    const uint64_t settled = now.acked + now.full + now.expired + now.damaged;
    if (settled >= goal.recovered + goal.appended) return absl::OkStatus();
    if (clock_->Monotonic() >= until) {
      const Status why = counters().status;
      return absl::DeadlineExceededError("flush output: records still wait in the spool" +
                                         (why.ok() ? "" : ": " + Message(why)));
    }
    absl::SleepFor(kLookAgain);
  }
}

void DurableSink::BeginClose(base::Nanos wait) {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(closing_, true)) return;
    close_deadline_ = clock_->Monotonic() + wait;
  }
  intake_->BeginClose(wait);
}

bool DurableSink::Closed() {
  if (!intake_->Closed()) return false;
  const bool empty = counters().queued == 0;
  absl::MutexLock lock(&mutex_);
  if (closed_) return true;
  const base::Nanos left = close_deadline_ - clock_->Monotonic();
  if (!draining_ends_ && (empty || left <= 0)) {
    draining_ends_ = true;
    const base::Nanos wait = std::clamp<base::Nanos>(left, 0, kWriterEnds);
    give_up_at_ = clock_->Monotonic() + wait + abandon_after_;
    drain_->BeginClose(wait);
  }
  // The thread may hang in the spool's disk too.
  closed_ =
      draining_ends_ && drain_->Closed() && (end_->done || clock_->Monotonic() >= give_up_at_);
  return closed_;
}

void DurableSink::Close(base::Nanos wait) {
  BeginClose(wait);
  while (!Closed()) absl::SleepFor(kLookAgain);
}

SinkCounters DurableSink::Sum(const DrainCounters& out, const SpoolCounters& spool) const {
  SinkCounters sum = intake_->counters();
  sum.spooled = sum.delivered;
  sum.recovered = spool.recovered;
  sum.delivered = out.delivered;
  sum.delivered_bytes = out.delivered_bytes;
  sum.replayed = out.replayed;
  sum.spool_bytes = spool.bytes;
  for (size_t i = 0; i < kDropReasonCount; ++i) sum.dropped[i] += out.dropped[i];
  Of(&sum, DropReason::kSpoolFull) += spool.full;
  Of(&sum, DropReason::kSpoolExpired) += spool.expired;
  Of(&sum, DropReason::kSpoolDamaged) += spool.damaged;
  uint64_t gone = sum.delivered;
  for (const uint64_t dropped : sum.dropped) gone += dropped;
  // A spool that hung at the end may have what its intake counts as abandoned.
  const uint64_t came = sum.offered + sum.recovered;
  sum.queued = came > gone ? came - gone : 0;
  if (sum.status.ok()) sum.status = out.status;
  return sum;
}

SinkCounters DurableSink::counters() const {
  bool closed = false;
  {
    absl::MutexLock lock(&mutex_);
    closed = closed_;
  }
  const DrainCounters out = drain_->counters();
  const SpoolCounters spool = spool_->counters();
  SinkCounters sum = Sum(out, spool);
  if (!closed) return sum;
  const uint64_t left = std::exchange(sum.queued, 0);
  if (end_->discard) {
    Of(&sum, DropReason::kClosed) += left;
  } else {
    sum.kept = left;
  }
  sum.spool_bytes = 0;
  return sum;
}

}  // namespace traffictap::sinks
