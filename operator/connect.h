// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/http_kube_client.h"
#include "operator/options.h"

namespace traffictap::op {

// The API server that the options name, or the cluster that the process runs in. `clock` outlives it.
StatusOr<std::unique_ptr<kube::HttpKubeClient>> Connect(const Options& options,
                                                        const base::Clock* clock);

// GET of `path` from `server` ("http://host:port"): the body of an answer with 200.
StatusOr<std::string> Ask(const std::string& server, const std::string& path);

}  // namespace traffictap::op
