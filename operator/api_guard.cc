// SPDX-License-Identifier: Apache-2.0
#include "operator/api_guard.h"

#include <utility>

#include "base/log.h"
#include "operator/controller/backoff.h"
#include "operator/mesh/installation.h"

namespace traffictap::op {
namespace {

constexpr base::Nanos kPeriod = 5 * base::kSecond;
constexpr base::Nanos kTimeout = 5 * base::kSecond;
const kube::ObjectKey kApiService{"", "v1alpha1.tap.traffictap.io"};

// As the API server says, which asks it again and again.
bool IsAvailable(const kube::Object& service) {
  const auto* conditions = service.Find("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return false;
  for (const auto& value : *conditions) {
    const kube::Object condition(value);
    if (condition.Text("/type") == "Available") return condition.Text("/status") == "True";
  }
  return false;
}

}  // namespace

ApiGuard::ApiGuard(base::Nanos remove_after, kube::KubeClient* kube, const base::Clock* clock)
    : remove_after_(remove_after), kube_(kube), clock_(clock) {}

void ApiGuard::Run(const std::stop_token& stop) {
  // What was seen in an earlier time as the leader may be long ago.
  unavailable_since_ = 0;
  if (remove_after_ <= 0) return;
  while (!stop.stop_requested()) {
    Look();
    controller::WaitOnClock(kPeriod, stop);
  }
}

void ApiGuard::Look() { Tell(RemoveIfDue()); }

Status ApiGuard::RemoveIfDue() {
  const auto service = kube_->Get(kube::kApiServices, kApiService, {kTimeout});
  const bool ours = service.ok() && service->label(mesh::kManagedByLabel) == mesh::kManagedByValue;
  if (!ours || IsAvailable(*service)) {
    unavailable_since_ = 0;
    return kube::IsNotFound(service.status()) ? absl::OkStatus() : service.status();
  }
  const base::Nanos now = clock_->Monotonic();
  if (unavailable_since_ == 0 || uid_ != service->uid()) {
    uid_ = service->uid();
    unavailable_since_ = now;
  }
  return now - unavailable_since_ < remove_after_ ? absl::OkStatus() : Remove(*service);
}

Status ApiGuard::Remove(const kube::Object& service) {
  // Not if it has become available since: then its version is another one.
  const Status removed = kube_->Delete(kube::kApiServices, kApiService,
                                       {service.uid(), service.resource_version(), kTimeout});
  if (removed.ok()) {
    ++removals_;
    log::For("operator")
        .warn(
            "deleted the APIService: it was unavailable, so that no namespace could be deleted; "
            "the "
            "collector creates it again name={}",
            kApiService.name);
  }
  return kube::IsConflict(removed) || kube::IsNotFound(removed) ? absl::OkStatus() : removed;
}

void ApiGuard::Tell(const Status& status) {
  const std::string trouble = status.ok() ? "" : Message(status);
  if (trouble == std::exchange(told_, trouble) || trouble.empty()) return;
  log::For("operator").warn("cannot look after the APIService err=\"{}\"", trouble);
}

void ApiGuard::WriteMetrics(base::MetricWriter& writer) const {
  writer.Counter("traffictap_operator_api_removals_total",
                 "Times that the APIService was deleted because it was unavailable.", {},
                 removals_);
}

}  // namespace traffictap::op
