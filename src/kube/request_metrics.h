// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"

namespace traffictap::kube {

// Counts calls by verb, resource and HTTP code ("0": no answer). Bounded: a program asks for few
// resources. Thread-safe.
class RequestMetrics {
 public:
  void Count(const std::string& verb, const std::string& resource, int code, base::Nanos took);
  void CountWait(base::Nanos waited);
  void Write(base::MetricWriter& writer) const;

 private:
  struct Calls {
    double count = 0;
    double seconds = 0;
  };
  using Key = std::tuple<std::string, std::string, int>;

  mutable absl::Mutex mutex_;
  std::map<Key, Calls> calls_ ABSL_GUARDED_BY(mutex_);
  double waited_seconds_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::kube
