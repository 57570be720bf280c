// SPDX-License-Identifier: Apache-2.0

// A thread around a WriterLoop, which has the rules. Why the loop is shared: a writer may hang in a
// system call that nothing interrupts (a dead NFS server, a FIFO without reader). The destructor
// must not wait for it, and must not take away what it works on either. So the thread owns the loop
// too: the sink lets go of both, and whichever of the two is last frees it. What the writer points
// to besides (the clock) outlives the process's sinks.
#include "sinks/queued_sink.h"

#include <utility>

namespace traffictap::sinks {
namespace {

void Run(const std::shared_ptr<WriterLoop>& loop) {
  for (base::Nanos wait = 0; wait != WriterLoop::kForever; wait = loop->Step()) {
    loop->AwaitWork(wait);
  }
}

}  // namespace

QueuedSink::QueuedSink(std::unique_ptr<RecordWriter> writer, QueuedSinkOptions options)
    : loop_(std::make_shared<WriterLoop>(std::move(writer), std::move(options))),
      thread_([loop = loop_] { Run(loop); }) {}

QueuedSink::~QueuedSink() {
  Close(0);
  if (loop_->abandoned()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void QueuedSink::Offer(traffic::RecordSelection records) { loop_->Offer(std::move(records)); }

Status QueuedSink::Flush(base::Nanos wait) { return loop_->Flush(wait); }

void QueuedSink::BeginClose(base::Nanos wait) { loop_->BeginClose(wait); }

bool QueuedSink::Closed() { return loop_->Closed(); }

void QueuedSink::Close(base::Nanos wait) {
  loop_->BeginClose(wait);
  loop_->AwaitClosed();
}

SinkCounters QueuedSink::counters() const { return loop_->counters(); }

}  // namespace traffictap::sinks
