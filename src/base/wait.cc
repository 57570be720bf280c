// SPDX-License-Identifier: Apache-2.0
#include "base/wait.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace traffictap::base {

bool WaitOnClock(Nanos duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock<std::mutex> lock(mutex);
  stopped.wait_for(lock, stop, std::chrono::nanoseconds(duration), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace traffictap::base
