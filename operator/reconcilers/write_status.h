// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "kube/kube_client.h"

namespace traffictap::reconcilers {

// Writes the status of an object as the watch last saw it. OK where it is gone or was replaced
// meanwhile: the watch brings what is there now.
Status WriteStatus(kube::KubeClient& kube, const kube::Resource& resource,
                   const kube::Object& object, const kube::Json& status);

}  // namespace traffictap::reconcilers
