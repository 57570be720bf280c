// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "observe/record_filter.h"
#include "web/http_message.h"
#include "web/work_thread.h"

namespace traffictap::web {

enum class LiveResource { kPairs, kSummaries, kTaps };

// Who asks, and of which taps.
struct LiveScope {
  observe::Credentials credentials;
  std::optional<std::string> ns = std::nullopt;  // only taps of this namespace
  std::string follow = "follow";                 // the name of the parameter that asks to go on
};

// Live records, their summaries and the taps, to whom the authorizer lets (observe/README.md has
// the parameters and the answers). Summaries look at every record: they have a thread of their own, so
// that they hold up none of the authorizer's.
class LiveApi {
 public:
  // The status of the taps that `access` may read, as JSON. Called on any thread.
  using TapsJson = std::function<std::string(const observe::Access& access)>;

  // All pointers outlive the API and the server that runs its routes.
  LiveApi(observe::LiveHub* hub, observe::Authorizer* authorizer, const base::Clock* clock,
          TapsJson taps_json)
      : hub_(hub), authorizer_(authorizer), clock_(clock), taps_json_(std::move(taps_json)) {}

  // From now on answers summaries with 503. Before the server goes.
  void Stop() const { summaries_->Stop(); }

  // Answers a request whose path is `resource`. Responds once, on any thread.
  void Answer(LiveResource resource, const HttpRequest& request, LiveScope scope,
              const Route::Respond& respond) const;

  // The standalone paths, /api/v1/..., for this machine alone. To be merged into a server's; valid
  // as long as this.
  std::map<std::string, Route> Routes() const;

 private:
  struct Call;
  using CallPtr = std::shared_ptr<Call>;

  Status ReadCall(Call* call) const;
  void CheckTaps(const CallPtr& call, StatusOr<observe::Access> access) const;
  void CheckSides(const CallPtr& call) const;
  void Finish(const CallPtr& call) const;
  StatusOr<HttpResponse> AnswerPairs(Call* call) const;
  StatusOr<HttpResponse> AnswerSummary(const Call& call) const;
  HttpResponse AnswerTaps(const Call& call) const;
  Route Standalone(LiveResource resource) const;

  observe::LiveHub* const hub_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  const TapsJson taps_json_;
  const std::unique_ptr<WorkThread> summaries_ = std::make_unique<WorkThread>("summaries", 64);
};

}  // namespace traffictap::web
