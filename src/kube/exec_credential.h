// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "kube/kubeconfig.h"

namespace traffictap::kube {

// What a credential plugin answered (client.authentication.k8s.io ExecCredential, .status).
struct ExecCredential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  // Wall(); without it the credential lasts until it is refused
  std::optional<base::Nanos> expires_at;
};

// Runs access.exec to its end, at most a minute. The plugin is given $KUBERNETES_EXEC_INFO, with
// the cluster where it asks for it. kFailedPrecondition: it failed or is missing (then with its
// install hint), or needs a terminal.
StatusOr<ExecCredential> RunExecPlugin(const ClusterAccess& access);

// Reads a plugin's standard output. kFailedPrecondition says what is wrong with it; nothing of it
// is in the message.
StatusOr<ExecCredential> ParseExecCredential(const std::string& text,
                                             const std::string& api_version);

}  // namespace traffictap::kube
