// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "operator/istiod/syncz.h"

namespace traffictap::istiod {

struct SynczOptions {
  // A projected service account token of audience istio-ca, read anew for each question; empty:
  // none is shown. istiod answers callers of its own namespace and of those that its
  // DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES names.
  std::string token_file;
  base::Nanos timeout = 5 * base::kSecond;  // per istiod
  size_t response_bytes_max = 256 << 20;
};

// Asks the istiods at `addresses` (IP:port of their monitoring port, usually 15014), each of which
// knows the proxies that are connected to itself. Blocking; thread-safe. An error names the first
// istiod that did not answer and why: the whole is not known then.
StatusOr<ProxySyncs> FetchSyncz(const std::vector<std::string>& addresses,
                                const SynczOptions& options);

// What FetchVersion says of a build that names no release, as istiod itself does.
inline constexpr const char* kUnknownVersion = "unknown";

// The version that the istiod at `address` runs, such as "1.29.2". It needs no token.
StatusOr<std::string> FetchVersion(const std::string& address, const SynczOptions& options);

}  // namespace traffictap::istiod
