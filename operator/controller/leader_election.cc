// SPDX-License-Identifier: Apache-2.0

// Times of the Lease itself are never compared with ours: clocks of two replicas may differ. What
// counts is how long the Lease has not changed by our own clock (observed_, observed_at_), so a
// replica that starts waits for a whole lease before it takes one over. The leader counts from
// before the call that renewed; followers count from after they saw it, which is later. With
// renew_deadline below lease_duration the former thus gives up before anybody else may begin, as
// long as clocks run alike.
#include "operator/controller/leader_election.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.h"
#include "operator/controller/micro_time.h"

namespace traffictap::controller {
namespace {

int64_t Number(const kube::Object& lease, const char* pointer) {
  const kube::Json* value = lease.Find(pointer);
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>() : 0;
}

}  // namespace

LeaderElector::LeaderElector(kube::KubeClient* client, LeaderElectionOptions options,
                             const base::Clock* clock)
    : client_(client),
      options_(std::move(options)),
      clock_(clock),
      steps_(clock),
      random_(options_.seed) {}

void LeaderElector::Run(const std::stop_token& stop,
                        const std::function<void(std::stop_token)>& lead) {
  std::uniform_real_distribution<double> jitter(1, 1.2);
  while (!stop.stop_requested()) {
    if (TryAcquireOrRenew()) Lead(stop, lead);
    options_.wait(
        static_cast<base::Nanos>(static_cast<double>(options_.retry_period) * jitter(random_)),
        stop);
  }
  Release();
}

void LeaderElector::Lead(const std::stop_token& stop,
                         const std::function<void(std::stop_token)>& lead) {
  log::For("controller").info("leading lease={} identity={}", options_.name, options_.identity);
  // Its destructor requests the stop and joins.
  const std::jthread work([&lead](std::stop_token token) { lead(std::move(token)); });
  while (options_.wait(options_.retry_period, stop)) {
    TryAcquireOrRenew();
    if (leading()) continue;
    log::For("controller")
        .warn("no longer leading lease={} identity={}", options_.name, options_.identity);
    return;
  }
}

bool LeaderElector::leading() const {
  absl::MutexLock lock(&mutex_);
  return holds_ && clock_->Monotonic() - renewed_at_ < options_.renew_deadline;
}

base::Nanos LeaderElector::CallTimeout() const {
  absl::MutexLock lock(&mutex_);
  const base::Nanos whole = options_.renew_deadline / 2;
  if (!holds_) return whole;
  const base::Nanos left = renewed_at_ + options_.renew_deadline - clock_->Monotonic();
  return std::clamp<base::Nanos>(left, 100 * base::kMillisecond, whole);
}

bool LeaderElector::TryAcquireOrRenew() {
  steps_.Begin();
  const bool holds = AcquireOrRenew();
  steps_.End();
  return holds;
}

bool LeaderElector::AcquireOrRenew() {
  const kube::ObjectKey key{options_.ns, options_.name};
  const auto lease = client_->Get(kube::kLeases, key, {CallTimeout()});
  if (!lease.ok() && !kube::IsNotFound(lease.status())) {
    log::For("controller").warn("lease not read err={}", Message(lease.status()));
    return false;
  }
  const bool exists = lease.ok();
  if (exists && HeldByOther(*lease)) {
    Note(false);
    return false;
  }
  return Write(exists ? *lease : kube::Object(), exists);
}

bool LeaderElector::HeldByOther(const kube::Object& lease) {
  const kube::Json* spec = lease.Find("/spec");
  const kube::Json record = spec == nullptr ? kube::Json() : *spec;
  if (record != observed_) {
    observed_ = record;
    observed_at_ = clock_->Monotonic();
  }
  const std::string holder = lease.Text("/spec/holderIdentity");
  if (holder.empty() || holder == options_.identity) return false;
  const base::Nanos duration = Number(lease, "/spec/leaseDurationSeconds") * base::kSecond;
  return clock_->Monotonic() - observed_at_ < duration;
}

kube::Object LeaderElector::MakeLease(const kube::Object& current) const {
  kube::Object lease = current;
  const std::string now = MicroTime(clock_->Wall());
  const bool renewal = current.Text("/spec/holderIdentity") == options_.identity;
  const std::string since = current.Text("/spec/acquireTime");
  const int64_t transitions = Number(current, "/spec/leaseTransitions");
  kube::Json& value = lease.value();
  value["apiVersion"] = kube::kLeases.ApiVersion();
  value["kind"] = kube::kLeases.kind;
  value["metadata"]["namespace"] = options_.ns;
  value["metadata"]["name"] = options_.name;
  const bool first = current.value().empty();
  value["spec"] = {{"holderIdentity", options_.identity},
                   {"leaseDurationSeconds", options_.lease_duration / base::kSecond},
                   {"acquireTime", renewal && !since.empty() ? since : now},
                   {"renewTime", now},
                   {"leaseTransitions", transitions + (renewal || first ? 0 : 1)}};
  return lease;
}

bool LeaderElector::Write(const kube::Object& current, bool exists) {
  const kube::Object lease = MakeLease(current);
  // The time before the call counts: a slow answer must not make the leadership longer.
  const base::Nanos asked_at = clock_->Monotonic();
  const kube::CallOptions options{CallTimeout()};
  const auto written = exists ? client_->Update(kube::kLeases, lease, options)
                              : client_->Create(kube::kLeases, lease, options);
  if (!written.ok()) {
    log::For("controller").warn("lease not written err={}", Message(written.status()));
    return false;
  }
  Note(true);
  absl::MutexLock lock(&mutex_);
  renewed_at_ = asked_at;
  return true;
}

void LeaderElector::Note(bool holds) {
  absl::MutexLock lock(&mutex_);
  if (holds_ != holds) ++changes_;
  holds_ = holds;
}

void LeaderElector::Release() {
  {
    absl::MutexLock lock(&mutex_);
    if (!holds_) return;
    holds_ = false;
    ++changes_;
  }
  const kube::CallOptions options{options_.retry_period};
  auto lease = client_->Get(kube::kLeases, {options_.ns, options_.name}, options);
  if (!lease.ok() || lease->Text("/spec/holderIdentity") != options_.identity) return;
  kube::Json& spec = lease->value()["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["renewTime"] = MicroTime(clock_->Wall());
  const auto released = client_->Update(kube::kLeases, *lease, options);
  if (!released.ok()) {
    log::For("controller").warn("lease not given back err={}", Message(released.status()));
  }
}

void LeaderElector::WriteMetrics(base::MetricWriter& writer) const {
  const bool leads = leading();
  absl::MutexLock lock(&mutex_);
  const base::MetricLabels labels = {{"lease", options_.name}};
  writer.Gauge("traffictap_leader", "1 if this replica is the leader.", labels, leads ? 1 : 0);
  writer.Counter("traffictap_leader_changes_total",
                 "Times that this replica became or ceased to be the leader.", labels, changes_);
}

}  // namespace traffictap::controller
