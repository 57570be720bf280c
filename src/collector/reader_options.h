// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "kube/credentials.h"

namespace CLI {
class App;
}

namespace traffictap::collector {

struct RoleOptions;

// How a reader reaches pairers beyond its machine; files are PEM, and read when it starts.
struct PairersTls {
  std::string ca_file;  // empty: without TLS, on this machine alone
  std::string certificate_file;
  std::string key_file;
  std::string server_name;  // in the pairers' certificates; empty: their address
};

// Without a CA: empty. kInvalidArgument: a file cannot be read.
StatusOr<std::optional<kube::TlsSettings>> ReadPairersTls(const PairersTls& tls);

// Where a reader finds the pairers.
void AddReaderOptions(CLI::App& app, RoleOptions* out);

// Once all is parsed, of a reader: there are pairers to ask, and no option that a process without
// records of its own has no use for. Throws CLI::ValidationError, as a callback of `app` does.
void CompleteReaderOptions(const CLI::App& app, const RoleOptions& options);

}  // namespace traffictap::collector
