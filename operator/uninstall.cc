// SPDX-License-Identifier: Apache-2.0
#include "operator/uninstall.h"

#include <vector>

#include "fmt/format.h"
#include "kube/api_error.h"

namespace traffictap::op {
namespace {

// None where the kind does not exist: there is no Istio.
StatusOr<std::vector<kube::ObjectKey>> OwnPatches(const kube::Resource& resource,
                                                  kube::KubeClient* kube) {
  kube::ListOptions list;
  list.label_selector = fmt::format("{}={}", mesh::kManagedByLabel, mesh::kManagedByValue);
  std::vector<kube::ObjectKey> found;
  const auto listed = kube->List(
      resource, list, [&](const kube::Object& object) { found.push_back(object.key()); });
  if (!listed.ok() && !kube::IsNotFound(listed.status())) return listed.status();
  return found;
}

}  // namespace

StatusOr<int> Uninstall(const mesh::Installation& installation, kube::KubeClient* kube) {
  int removed = 0;
  for (const auto& resource : {kube::kEnvoyFilters, kube::kTelemetries}) {
    const auto found = OwnPatches(resource, kube);
    if (!found.ok()) return found.status();
    for (const auto& key : *found) {
      const Status deleted = kube->Delete(resource, key, {});
      if (!deleted.ok() && !kube::IsNotFound(deleted)) return deleted;
      ++removed;
    }
  }
  // Last, for it says nothing any more. Who may not remove it leaves a name behind.
  const Status lease = kube->Delete(kube::kLeases, {installation.ns, mesh::kLease}, {});
  if (!lease.ok() && !kube::IsNotFound(lease) && !absl::IsPermissionDenied(lease)) return lease;
  return removed;
}

}  // namespace traffictap::op
