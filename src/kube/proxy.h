// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace traffictap::kube {

// The proxy on the way to `server`: `proxy_url` where a kubeconfig has one, else that of
// $HTTPS_PROXY or $HTTP_PROXY unless $NO_PROXY or a loopback address says that there is none (as
// Go's net/http reads them; lower-case names count too). Empty: none. kInvalidArgument: it is no
// http:// proxy, which is the only kind that we can speak to.
StatusOr<std::string> ProxyOf(const std::string& server, const std::string& proxy_url);

// Whether $NO_PROXY's value `list` has `host`:`port`: names with their subdomains, ".domain",
// addresses, CIDR blocks, each with or without a port, or "*".
bool IsWithoutProxy(const std::string& host, const std::string& port, const std::string& list);

}  // namespace traffictap::kube
