// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"

namespace traffictap::pipeline {

// How far the clock of one proxy is from ours, as its messages tell: an entry cannot have ended after
// it came, so the least that lay between the two is the distance, and at most the proxy's flush
// interval and the way here too much. What it is used for must bear that error on one side: ToOurs is
// never too early. A proxy's clock that is set back is noticed within two spans. Thread-safe.
class ProxyClock {
 public:
  static constexpr base::Nanos kSpan = 300 * base::kSecond;

  // An entry that ended at `end` by the proxy's clock came at `arrival` by ours. Unix epoch, both.
  void Observe(base::Nanos end, base::Nanos arrival);
  // The latest that `theirs` can be by our clock; nullopt before the first Observe.
  std::optional<base::Nanos> ToOurs(base::Nanos theirs) const;

 private:
  mutable absl::Mutex mutex_;
  // The least distance in the span before, and in this one, which began at `since_`.
  std::optional<base::Nanos> former_ ABSL_GUARDED_BY(mutex_);
  std::optional<base::Nanos> current_ ABSL_GUARDED_BY(mutex_);
  base::Nanos since_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::pipeline
