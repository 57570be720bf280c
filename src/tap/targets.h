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
};

// Whether the tap's targets mean this proxy. Pure. A gateway goes by its Gateway's name, or, where
// it has none, by its workload's.
bool TargetsProxy(const TapSpec& spec, const TargetedProxy& proxy);

}  // namespace traffictap::tap
