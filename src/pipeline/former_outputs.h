// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "sinks/sink.h"

namespace traffictap::pipeline {

// The outputs that a tap had and has not any more, in all its lives: by an edit, or because the tap
// ends. They close on their own threads; what they counted stays. Thread-safe.
class FormerOutputs {
 public:
  // `tap`: "namespace/name", for the log.
  explicit FormerOutputs(std::string tap) : tap_(std::move(tap)) {}

  // Takes over an output that has begun to close.
  void Add(const std::string& name, std::shared_ptr<sinks::Sink> sink);
  // Lets go of those that are closed, each with one line of its final counters in the log. True
  // once none is left. Never waits.
  bool Reap();
  // Waits until all are closed: each as long as it was given, and a little more.
  void Await();

  // By name: the counters of all of them so far.
  std::map<std::string, sinks::SinkCounters> counters() const;

 private:
  const std::string tap_;
  mutable absl::Mutex mutex_;
  std::multimap<std::string, std::shared_ptr<sinks::Sink>> closing_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, sinks::SinkCounters> ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
