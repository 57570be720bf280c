// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "kube/kube_client.h"

namespace traffictap::apiserver {

// The certificates that the API server should trust: `own`, and of `bundle` the newest others that
// have not expired and have the same subject, at most kEarlierMax: those of a collector that is
// being replaced, or that connections still use. PEM texts; what cannot be read of `bundle` is left
// out.
std::string MergeCaBundle(const std::string& bundle, const std::string& own, base::Nanos now);
constexpr size_t kEarlierMax = 3;

// Sees to it that spec.caBundle of the APIService `name` holds `own`. True when it was written.
// kNotFound: there is no such APIService; kAborted: somebody else has just changed it.
StatusOr<bool> PublishCaBundle(kube::KubeClient* kube, const std::string& name,
                               const std::string& own, base::Nanos now);

}  // namespace traffictap::apiserver
