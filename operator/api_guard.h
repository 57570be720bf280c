// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "kube/kube_client.h"

namespace traffictap::op {

// Looks after the collector's APIService: while one is there that does not answer, no namespace of
// the cluster can be deleted. A collector that ends takes its own away; for one that was killed or
// hangs, or that the API server does not reach, this does, once the API server has called it
// unavailable for `remove_after` on end. Only what carries our label is removed.
class ApiGuard {
 public:
  // Both outlive it. `remove_after` 0: it never looks.
  ApiGuard(base::Nanos remove_after, kube::KubeClient* kube, const base::Clock* clock);

  // Looks every few seconds until `stop`.
  void Run(const std::stop_token& stop);
  // One look. On one thread at a time.
  void Look();

  // traffictap_operator_api_removals_total. Thread-safe.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  // Both return what kept them from it, where somebody has to know.
  Status RemoveIfDue();
  Status Remove(const kube::Object& service);
  // Logs trouble that was not there at the last look.
  void Tell(const Status& status);

  const base::Nanos remove_after_;
  kube::KubeClient* const kube_;
  const base::Clock* const clock_;
  std::string uid_;  // of the APIService that is unavailable
  base::Nanos unavailable_since_ = 0;
  std::string told_;
  std::atomic<uint64_t> removals_{0};
};

}  // namespace traffictap::op
