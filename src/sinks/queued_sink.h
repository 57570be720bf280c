// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <thread>

#include "sinks/sink.h"
#include "sinks/writer_loop.h"

namespace traffictap::sinks {

using QueuedSinkOptions = WriterLoopOptions;

// A sink with one thread that drives a WriterLoop. Nobody waits for that thread longer than the
// writer's time to close and abandon_after: a writer that hangs keeps the thread, the loop and its
// own memory to itself until it comes back.
class QueuedSink final : public Sink {
 public:
  QueuedSink(std::unique_ptr<RecordWriter> writer, QueuedSinkOptions options);
  ~QueuedSink() override;  // Close(0)

  void Offer(traffic::RecordSelection records) override;
  Status Flush(base::Nanos wait) override;
  void BeginClose(base::Nanos wait) override;
  bool Closed() override;
  void Close(base::Nanos wait) override;
  SinkCounters counters() const override;

 private:
  const std::shared_ptr<WriterLoop> loop_;  // shared with the thread alone
  std::jthread thread_;
};

}  // namespace traffictap::sinks
