#pragma once

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::gather {

inline constexpr const char* kSuspendAnnotation = "traffictap.io/suspend";
inline constexpr const char* kPlanOnlyAnnotation = "traffictap.io/plan-only";

// A TrafficTap or ClusterTrafficTap, with what its own status remembers: since when it is in force
// (status.startTime), how many records it has written (status.records.offered). The spec goes
// through the parser that the collector uses, so that both accept the same.
plan::TapObject ReadTap(const kube::Object& tap);

plan::DestinationObject ReadDestination(const kube::Object& destination);

// RFC 3339 as the API writes it; 0 where there is none or it cannot be read.
base::Nanos ReadTime(const std::string& text);

}  // namespace traffictap::gather
