// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fanin/missing.h"
#include "fanin/pairer_directory.h"
#include "kube/http_transport.h"
#include "web/http_message.h"

namespace traffictap::fanin {

// What pairers answered to the same request.
struct Asked {
  std::vector<kube::HttpResponse> answers;  // of success, in the order of the pairers
  std::vector<std::string> answered;        // the addresses of those that gave them
  std::vector<Missing> missing;             // the others, and those that could not be asked
  // Where there is no answer: what the caller is told.
  std::optional<web::HttpResponse> refusal;
};

// Asks all pairers at the same time, on threads of its own, and waits for them.
Asked AskAll(const KnownPairers& known, const kube::HttpRequest& request, base::Nanos timeout);

// Asks one after the other until one of them answers anything that is not a failure of its own (5xx).
StatusOr<kube::HttpResponse> AskOne(const std::vector<Pairer>& pairers,
                                    const kube::HttpRequest& request, base::Nanos timeout);

}  // namespace traffictap::fanin
