// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tap/tap_spec.h"

namespace traffictap::tap {

// Of the pods of a Gateway, by which Istio names it.
inline constexpr const char* kGatewayNameLabel = "gateway.networking.k8s.io/gateway-name";

// A proxy as targets see it. The operator knows it by its pod, the collector by what it says of
// itself.
struct TargetedProxy {
  std::string_view ns;
  std::string_view pod;
  std::string_view workload;
  bool is_gateway = false;  // or a waypoint
  const Labels* labels = nullptr;
  std::string_view workload_kind = {};  // "Deployment"; empty: not known, which fits any
};

// Whether the tap's targets mean this proxy. Pure. A gateway goes by its Gateway's name, or, where
// it has none, by its workload's. A ReplicaSet and a Job go by the labels that their controllers give
// to pods. A Service means nothing here: only the operator knows its selector, and puts the pods with
// these labels in its place.
bool TargetsProxy(const TapSpec& spec, const TargetedProxy& proxy);

// The same for one target alone, of a tap that may reach the proxy's namespace.
bool TargetsProxy(const Target& target, const TargetedProxy& proxy);

}  // namespace traffictap::tap
