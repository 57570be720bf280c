// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/controller.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "kube/api_error.h"

namespace traffictap::controller {
namespace {

// What a person has to mend sends no event when it is mended (RBAC): tried again, but seldom.
constexpr base::Nanos kSlowRetry = 30 * base::kSecond;

base::Nanos DelayMin(const Status& status) {
  if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) return kSlowRetry;
  return kube::RetryAfter(status).value_or(0);
}

}  // namespace

Controller::Controller(ControllerOptions options, Reconciler* reconciler, WorkQueue* queue,
                       const base::Clock* clock)
    : options_(std::move(options)), reconciler_(reconciler), queue_(queue), clock_(clock) {}

void Controller::Run(const std::stop_token& stop) {
  std::vector<std::jthread> workers;
  for (int i = 0; i < options_.workers; ++i) {
    workers.emplace_back([this, stop] {
      while (auto key = queue_->Pop(stop)) Work(*key);
    });
  }
}

bool Controller::RunOne() {
  const auto key = queue_->TryPop();
  if (key) Work(*key);
  return key.has_value();
}

void Controller::Work(const kube::ObjectKey& key) {
  const base::Nanos started = clock_->Monotonic();
  NextStep();
  const auto result = reconciler_->Reconcile(key);
  if (result.ok()) {
    queue_->Forget(key);
    if (result->requeue_after > 0) queue_->AddAfter(key, result->requeue_after);
  } else {
    log::For("controller")
        .warn("reconcile failed controller={} key={} err={}", options_.name, key.ToString(),
              Message(result.status()));
    queue_->AddAfterFailure(key, DelayMin(result.status()));
  }
  queue_->Done(key);
  absl::MutexLock lock(&mutex_);
  steps_.erase(std::this_thread::get_id());
  ++(result.ok() ? succeeded_ : failed_);
  seconds_ += static_cast<double>(clock_->Monotonic() - started) / base::kSecond;
}

void Controller::NextStep() {
  absl::MutexLock lock(&mutex_);
  steps_[std::this_thread::get_id()] = clock_->Monotonic();
}

Loop Controller::SlowestWorker() const {
  const base::Nanos now = clock_->Monotonic();
  Loop out{"controller " + options_.name};
  absl::MutexLock lock(&mutex_);
  for (const auto& [worker, since] : steps_) out.step = std::max(out.step, now - since);
  return out;
}

void Controller::WriteMetrics(base::MetricWriter& writer) const {
  queue_->WriteMetrics(options_.name, writer);
  absl::MutexLock lock(&mutex_);
  const auto count = [&](const char* result, double value) {
    writer.Counter("traffictap_reconciles_total", "Reconciled keys.",
                   {{"controller", options_.name}, {"result", result}}, value);
  };
  count("ok", succeeded_);
  count("error", failed_);
  writer.Counter("traffictap_reconcile_seconds_total", "Time spent on reconciliation.",
                 {{"controller", options_.name}}, seconds_);
}

}  // namespace traffictap::controller
