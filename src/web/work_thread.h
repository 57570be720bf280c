// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "base/status.h"

namespace traffictap::web {

// A thread for work that takes too long for where it comes up, one piece after the other. Thread-safe.
class WorkThread {
 public:
  // OK: it is to be done now. Otherwise it never will be: kResourceExhausted, kUnavailable. Called
  // once; must not throw.
  using Work = std::function<void(const Status& status)>;

  // `what`, in the plural, is what too much work is called.
  WorkThread(std::string what, size_t waiting_max);
  ~WorkThread() { Stop(); }
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  // Calls `work` on the thread, or here where it is refused: more than `waiting_max` wait, or Stop
  // was called.
  void Do(Work work);
  // Finishes the piece under way and refuses the others. Not from within work.
  void Stop();

 private:
  void Run();
  bool HasWorkOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopped_ || !waiting_.empty();
  }

  const std::string what_;
  const size_t waiting_max_;
  absl::Mutex mutex_;
  std::deque<Work> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace traffictap::web
