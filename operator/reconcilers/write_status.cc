// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/write_status.h"

#include "operator/reconcilers/mesh_reconciler.h"

namespace traffictap::reconcilers {

Status WriteStatus(kube::KubeClient& kube, const kube::Resource& resource,
                   const kube::Object& object, const kube::Json& status) {
  kube::Json metadata{{"name", object.name()}, {"uid", object.uid()}};
  if (!object.ns().empty()) metadata["namespace"] = object.ns();
  const kube::Object written(kube::Json{{"apiVersion", object.api_version()},
                                        {"kind", object.kind()},
                                        {"metadata", metadata},
                                        {"status", status}});
  const Status done = kube.ApplyStatus(resource, written, {kFieldManager, true, false}).status();
  return kube::IsNotFound(done) || kube::IsConflict(done) ? absl::OkStatus() : done;
}

}  // namespace traffictap::reconcilers
