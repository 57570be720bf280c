// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "observe/authorizer.h"
#include "web/http_message.h"

namespace traffictap::web {

// Keeps other sites out of what a browser on this machine can reach. Host must name the machine
// itself, so that a name that an attacker points to 127.0.0.1 (DNS rebinding) is refused; a request
// that a page sends must come from our own page (Origin, Sec-Fetch-Site). The answer to refuse
// with, or nothing.
std::optional<HttpResponse> RefuseForeign(const HttpRequest& request);

// A route for this machine alone: `handle` gets what RefuseForeign lets in, and what it shows of who
// sent it.
using HandleLocal = std::function<void(const HttpRequest& request, observe::Credentials credentials,
                                       const Route::Respond& respond)>;
Route LocalRoute(HandleLocal handle);

// The same for those alone whom `authorizer`, which outlives it, knows, whatever they may read.
// `handle` is called on any thread.
using HandleKnown = std::function<void(const HttpRequest& request, const Route::Respond& respond)>;
Route KnownRoute(observe::Authorizer* authorizer, HandleKnown handle);

// Headers of every answer that a browser may show: no script, style or connection but our own,
// nothing inline, no framing, no sniffing, no referrer.
std::vector<std::pair<std::string, std::string>> SecurityHeaders();

// JSON that a browser may show and nobody may keep.
HttpResponse JsonResponse(std::string body);

// 405, for a path that is only read.
HttpResponse OnlyReads();

// A failure in the form of a Kubernetes metav1.Status, which every client of its API understands.
HttpResponse FailureResponse(const Status& status);

}  // namespace traffictap::web
