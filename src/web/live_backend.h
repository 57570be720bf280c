// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "observe/authorizer.h"
#include "web/http_message.h"
#include "web/live_api.h"

namespace traffictap::web {

// Who answers for live records once it is known who asks: the process that has them, or one that asks
// others for them. Every call responds once, on any thread.
class LiveBackend {
 public:
  virtual ~LiveBackend() = default;
  virtual void AnswerLive(LiveResource resource, const HttpRequest& request, LiveScope scope,
                          const Route::Respond& respond) = 0;
  // `ns`: only taps of this namespace.
  virtual void AnswerDump(const HttpRequest& request, observe::Credentials credentials,
                          const std::optional<std::string>& ns, const Route::Respond& respond) = 0;
  virtual void AnswerFiles(const HttpRequest& request, LiveScope scope,
                           const Route::Respond& respond) = 0;
  // From now on answers 503. Before the server goes, which takes the last answers.
  virtual void Stop() = 0;
};

}  // namespace traffictap::web
