// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kube/api_error.h"
#include "kube/http_transport.h"
#include "kube/kube_client.h"

// How calls look on the wire: pure, so that it is tested without a server.
namespace traffictap::kube {

using Query = std::vector<std::pair<std::string, std::string>>;

// "path?a=b&c=d", values escaped, pairs with an empty value left out.
std::string WithQuery(const std::string& path, const Query& query);

std::string ListTarget(const Resource& resource, const ListOptions& options,
                       const std::string& continue_token);
std::string WatchTarget(const Resource& resource, const WatchOptions& options);

// The answer's metav1.Status, or what can be said without one.
ApiError ParseApiError(const HttpResponse& response);

// One line of a watch. An ERROR event comes back as its error; kUnavailable: this is no event;
// kUnimplemented: a type that we do not know, to be passed over.
StatusOr<WatchEvent> ParseWatchEvent(const std::string& line, const Resource& resource);

}  // namespace traffictap::kube
