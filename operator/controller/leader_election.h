// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "kube/kube_client.h"
#include "operator/controller/backoff.h"
#include "operator/controller/step_timer.h"

namespace traffictap::controller {

struct LeaderElectionOptions {
  std::string ns;
  std::string name;      // of the Lease
  std::string identity;  // unique per process: the pod's name
  base::Nanos lease_duration = 15 * base::kSecond;
  base::Nanos renew_deadline = 10 * base::kSecond;
  base::Nanos retry_period = 2 * base::kSecond;
  uint32_t seed = 1;        // of the jitter
  Wait wait = WaitOnClock;  // between tries
};

// Elects one of several replicas through a coordination.k8s.io Lease, by client-go's rules: only
// local times of observation are compared, so clocks may differ but must run alike. It gives no
// fencing: for moments two may lead, and what a leader does has to be harmless then.
class LeaderElector {
 public:
  // `client` and `clock` outlive it.
  LeaderElector(kube::KubeClient* client, LeaderElectionOptions options, const base::Clock* clock);

  // Until `stop` is requested. While this replica leads, `lead` runs on a thread of its own; its
  // stop token is requested when the leadership is lost or `stop` is, and it has to return then. It
  // may be called again later. At the end the Lease is given back.
  void Run(const std::stop_token& stop, const std::function<void(std::stop_token)>& lead);

  // Whether this replica may act now. Ends by itself `renew_deadline` after the last renewal, also
  // while a call to the server hangs. Thread-safe.
  bool leading() const;

  // One try; whether this replica holds the Lease after it. What Run does every retry_period.
  bool TryAcquireOrRenew();
  // Run's loop: a step is one try. Thread-safe.
  Loop loop() const { return {"leader election", steps_.step()}; }
  // Lets others have the Lease at once.
  void Release();

  // traffictap_leader (1 or 0) and traffictap_leader_changes_total. Thread-safe.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  kube::Object MakeLease(const kube::Object& current) const;
  // Another replica holds the Lease and it has not run out.
  bool HeldByOther(const kube::Object& lease);
  bool AcquireOrRenew();
  bool Write(const kube::Object& current, bool exists);
  base::Nanos CallTimeout() const;
  void Note(bool holds);
  // Renews until that fails for too long.
  void Lead(const std::stop_token& stop, const std::function<void(std::stop_token)>& lead);

  kube::KubeClient* const client_;
  const LeaderElectionOptions options_;
  const base::Clock* const clock_;
  StepTimer steps_;
  std::minstd_rand random_;
  kube::Json observed_;  // the Lease's spec when it last changed
  base::Nanos observed_at_ = 0;
  mutable absl::Mutex mutex_;
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  base::Nanos renewed_at_ ABSL_GUARDED_BY(mutex_) = 0;
  double changes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::controller
