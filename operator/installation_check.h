// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "kube/kube_client.h"
#include "operator/mesh/installation.h"

namespace traffictap::op {

// One thing that an installation needs.
struct Finding {
  bool good = false;
  std::string text;  // what is there, or what is missing and what to do
};

struct CheckPorts {
  kube::KubeClient* kube = nullptr;
  // GET of a path at "http://HOST:PORT"; the body of a 200, else an error.
  std::function<StatusOr<std::string>(const std::string& server, const std::string& path)> ask;
};

// Whether an installation works, as its own parts tell: the kinds are served, an operator leads,
// the collector's Service has the port that proxies send to, the collector is ready and gets its
// taps. Changes nothing. In the order of what needs what; always the same number of findings.
std::vector<Finding> CheckInstallation(const mesh::Installation& installation,
                                       const CheckPorts& ports);

}  // namespace traffictap::op
