// SPDX-License-Identifier: Apache-2.0
#include "pipeline/proxy_clock.h"

#include <algorithm>

namespace traffictap::pipeline {

void ProxyClock::Observe(base::Nanos end, base::Nanos arrival) {
  const base::Nanos distance = arrival - end;
  absl::MutexLock lock(&mutex_);
  if (!current_ || arrival - since_ >= kSpan) {
    former_ = current_;
    current_ = distance;
    since_ = arrival;
  } else {
    current_ = std::min(*current_, distance);
  }
}

std::optional<base::Nanos> ProxyClock::ToOurs(base::Nanos theirs) const {
  absl::MutexLock lock(&mutex_);
  if (!current_) return std::nullopt;
  return theirs + (former_ ? std::min(*former_, *current_) : *current_);
}

}  // namespace traffictap::pipeline
