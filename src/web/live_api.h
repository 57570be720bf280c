#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "observe/record_filter.h"
#include "web/http_message.h"

namespace traffictap::web {

// The paths under /api/v1 (observe/README.md) and what they need.
class LiveApi {
 public:
  // The status of the taps that `access` may read, as JSON.
  using TapsJson = std::function<std::string(const observe::Access& access)>;

  // All pointers outlive the API and the server that runs its routes.
  LiveApi(observe::LiveHub* hub, observe::Authorizer* authorizer, const base::Clock* clock,
          TapsJson taps_json)
      : hub_(hub), authorizer_(authorizer), clock_(clock), taps_json_(std::move(taps_json)) {}

  // To be merged into a server's; valid as long as this.
  std::map<std::string, Route> Routes();

 private:
  // A request's parameters, apart: those of the stream itself, the taps, and the rest, which is the
  // filter.
  struct Call;
  using Answer = std::function<StatusOr<HttpResponse>(const HttpRequest&, Call&)>;

  Route Authorized(Answer answer);
  StatusOr<Call> ReadCall(const HttpRequest& request) const;
  StatusOr<HttpResponse> AnswerPairs(const HttpRequest& request, Call& call) const;
  StatusOr<HttpResponse> AnswerSummary(Call& call) const;
  StatusOr<HttpResponse> AnswerTaps(Call& call) const;

  observe::LiveHub* const hub_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  const TapsJson taps_json_;
};

}  // namespace traffictap::web
