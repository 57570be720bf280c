// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>

#include "absl/synchronization/mutex.h"

namespace traffictap::als {

// A stream that may be paused. Thread-safe.
class PausedStream {
 public:
  virtual ~PausedStream() = default;
  // Ends the stream where it is paused, as if its sender had closed it; else does nothing.
  virtual void EndWell() = 0;
};

// The streams of a server that have been paused, for its stop: nothing that they hold is wanted, so nobody waits
// for their senders. Thread-safe.
class PausedStreams {
 public:
  // False once EndAll was called: the caller ends the stream itself.
  bool Add(const std::shared_ptr<PausedStream>& stream);
  void Remove(const std::shared_ptr<PausedStream>& stream);
  void EndAll();

 private:
  absl::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<PausedStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::als
