// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "kube/http_transport.h"
#include "kube/kubeconfig.h"

namespace traffictap::kube {

// Adds the Impersonate-… headers that ask the API server to act for somebody else.
// kInvalidArgument: a name cannot be in a header.
Status AddImpersonation(const Impersonation& as, HttpRequest* request);

}  // namespace traffictap::kube
