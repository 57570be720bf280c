// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/visibility.h"

#include <algorithm>

#include "fmt/format.h"
#include "operator/plan/conflicts.h"
#include "operator/plan/waypoints.h"
#include "operator/plan/wording.h"

namespace traffictap::plan {
namespace {

size_t Count(const Workload& workload, Proxy proxy) {
  return static_cast<size_t>(std::count_if(workload.pods.begin(), workload.pods.end(),
                                           [&](const Pod* pod) { return pod->proxy == proxy; }));
}

// "its pod is", "its pods are", "1 of its 3 pods is".
std::string OfPods(size_t count, const Workload& workload) {
  const char* verb = count == 1 ? "is" : "are";
  if (count < workload.pods.size()) {
    return fmt::format("{} of its {} pods {}", count, workload.pods.size(), verb);
  }
  return fmt::format("its pod{} {}", count == 1 ? "" : "s", verb);
}

std::string WaypointAdvice(const MeshIndex& index, const Workload& workload) {
  const auto waypoint = WaypointOf(index, workload);
  if (!waypoint) return "give the namespace a waypoint and tap that";
  if (waypoint->ns == workload.ns) {
    return fmt::format(
        "requests are recorded at the waypoint {}, if the tap targets it (kind: "
        "Gateway)",
        waypoint->name);
  }
  return fmt::format(
      "requests are recorded at the waypoint {} of namespace {}, if a tap there targets it (kind: "
      "Gateway) or a ClusterTrafficTap targets namespace {}",
      waypoint->name, waypoint->ns, workload.ns);
}

void AddHidden(const MeshIndex& index, const Workload& workload, std::vector<Note>* out) {
  for (const Pod* pod : workload.pods) {
    auto note = CollectorHidden(index, *pod);
    if (!note) continue;
    note->subject = workload.subject();
    out->push_back(*std::move(note));
    return;
  }
}

}  // namespace

bool IsReachable(const MeshIndex& index, const Workload& workload) {
  return std::any_of(workload.pods.begin(), workload.pods.end(), [&](const Pod* pod) {
    return IsPatchable(*pod) && !CollectorHidden(index, *pod);
  });
}

bool IsWaypoint(const Workload& workload) { return Count(workload, Proxy::kWaypoint) > 0; }

std::vector<Note> BlindSpots(const MeshIndex& index, const Workload& workload) {
  std::vector<Note> out;
  const std::string subject = workload.subject();
  if (index.IsForbidden(workload.ns)) {
    out.push_back(
        {subject, "RootNamespace",
         fmt::format("{} is the mesh's root namespace, where a patch could reach every "
                     "proxy: its administrator may label it traffictap.io/allow-taps=true",
                     workload.ns)});
    return out;
  }
  if (const size_t bare = Count(workload, Proxy::kNone); bare > 0) {
    out.push_back({subject, "NotMeshed",
                   fmt::format("{} without an Istio proxy: enable sidecar injection and restart "
                               "them, or see only their meshed peers' side",
                               OfPods(bare, workload))});
  }
  if (const size_t ambient = Count(workload, Proxy::kAmbient); ambient > 0) {
    out.push_back({subject, "Ambient",
                   fmt::format("{} in ambient mode, where ztunnel sends no access logs: {}",
                               OfPods(ambient, workload), WaypointAdvice(index, workload))});
  }
  AddHidden(index, workload, &out);
  return out;
}

}  // namespace traffictap::plan
