// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "kube/kube_client.h"

namespace traffictap::apiserver {

struct RegistrationOptions {
  std::string service;  // NAME.NAMESPACE: where the API server finds this collector, on port 443
  // The ClusterRole that owns the APIService, so that the two go together. Empty: somebody else
  // makes the APIService.
  std::string owner;
};

// The APIService of the live records. While one is there that does not answer, no namespace of the
// cluster can be deleted. With an owner it is therefore there only while a collector serves: made
// by the first Refresh, removed at the end. Somebody else who removes it (the operator, where the
// API server does not reach the collector) is given way to: where it stood for less than kStands,
// the next one is made after a wait that doubles each time. Not thread-safe.
class Registration {
 public:
  static constexpr base::Nanos kStands = 600 * base::kSecond;
  static constexpr base::Nanos kWaitMin = 10 * base::kSecond;
  static constexpr base::Nanos kWaitMax = 600 * base::kSecond;

  // Both outlive it.
  Registration(RegistrationOptions options, kube::KubeClient* kube, const base::Clock* clock);

  // Sees to it that the APIService is there and that its caBundle holds `certificate` (PEM).
  // kNotFound: there is none, and it has no owner; kUnavailable: it gives way; kAborted: somebody
  // else has just changed it.
  Status Refresh(const std::string& certificate);
  // Removes the APIService that it made, unless a newer collector has put its certificate there.
  // Takes some seconds at most.
  void Remove();

 private:
  Status Make(const std::string& certificate);
  Status Write(const std::string& resource_version, const std::string& bundle);
  StatusOr<kube::Json> OwnerReference() const;

  const RegistrationOptions options_;
  kube::KubeClient* const kube_;
  const base::Clock* const clock_;
  std::string published_;  // what Refresh last saw to; empty: nothing yet
  // monotonic; 0: never
  base::Nanos made_at_ = 0;
  base::Nanos gone_since_ = 0;
  base::Nanos wait_ = 0;
};

}  // namespace traffictap::apiserver
