// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/pause.h"

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace traffictap::cli {

bool Pause(base::Nanos duration, const std::stop_token& stop) {
  absl::Mutex mutex;
  bool stopped = false;
  const std::stop_callback on_stop(stop, [&] {
    absl::MutexLock lock(&mutex);
    stopped = true;
  });
  absl::MutexLock lock(&mutex);
  return !mutex.AwaitWithTimeout(absl::Condition(&stopped), absl::Nanoseconds(duration));
}

}  // namespace traffictap::cli
