// SPDX-License-Identifier: Apache-2.0
#include "kube/request_metrics.h"

namespace traffictap::kube {

void RequestMetrics::Count(const std::string& verb, const std::string& resource, int code,
                           base::Nanos took) {
  absl::MutexLock lock(&mutex_);
  Calls& calls = calls_[{verb, resource, code}];
  calls.count += 1;
  calls.seconds += base::Seconds(took);
}

void RequestMetrics::CountWait(base::Nanos waited) {
  absl::MutexLock lock(&mutex_);
  waited_seconds_ += base::Seconds(waited);
}

void RequestMetrics::Write(base::MetricWriter& writer) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, calls] : calls_) {
    const auto& [verb, resource, code] = key;
    const base::MetricLabels labels = {
        {"verb", verb}, {"resource", resource}, {"code", std::to_string(code)}};
    writer.Counter("traffictap_kube_requests_total",
                   "Requests to the Kubernetes API. Code 0 means no response.", labels,
                   calls.count);
    writer.Counter("traffictap_kube_request_seconds_total",
                   "Time spent in requests to the Kubernetes API.", labels, calls.seconds);
  }
  writer.Counter("traffictap_kube_write_limit_wait_seconds_total",
                 "Time that writes spent waiting for the client-side rate limit.", {},
                 waited_seconds_);
}

}  // namespace traffictap::kube
