// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "operator/controller/reconciler.h"
#include "operator/controller/step_timer.h"
#include "operator/controller/work_queue.h"

namespace traffictap::controller {

struct ControllerOptions {
  std::string name;  // in logs and metrics
  int workers = 2;
};

// Takes keys from a queue and reconciles them. A failure comes back with a growing delay, or when
// the server asked for; one bad key never delays another.
class Controller {
 public:
  // All pointers outlive it.
  Controller(ControllerOptions options, Reconciler* reconciler, WorkQueue* queue,
             const base::Clock* clock);

  // Runs the workers until `stop` is requested and the keys under way are done.
  void Run(const std::stop_token& stop);
  // Reconciles one key if there is one: what each worker does. Thread-safe.
  bool RunOne();

  // The reconciler that the calling thread runs has got one step further: a pass with many calls may
  // take long, and yet does not hang. Thread-safe.
  void NextStep();
  // The worker whose present step takes longest. Thread-safe.
  Loop SlowestWorker() const;

  // traffictap_reconciles_total{controller,result=ok|error},
  // traffictap_reconcile_seconds_total{controller} and the queue's. Thread-safe.
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  void Work(const kube::ObjectKey& key);

  const ControllerOptions options_;
  Reconciler* const reconciler_;
  WorkQueue* const queue_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  // Of each worker that has a key, since when it has been in its present step.
  std::map<std::thread::id, base::Nanos> steps_ ABSL_GUARDED_BY(mutex_);
  double succeeded_ ABSL_GUARDED_BY(mutex_) = 0;
  double failed_ ABSL_GUARDED_BY(mutex_) = 0;
  double seconds_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::controller
