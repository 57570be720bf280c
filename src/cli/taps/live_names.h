// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/shell/command.h"

namespace traffictap::cli {

// Names that complete a value, from the cluster that the options among `words` lead to; empty where
// it does not answer. Contexts come from the kubeconfig.
std::vector<std::string> ReadLiveNames(Completes what, const std::vector<std::string>& words,
                                       const Session& session);

}  // namespace traffictap::cli
