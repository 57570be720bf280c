#include "web/live_api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "observe/live_reader.h"
#include "observe/summary.h"
#include "tap/parse_tap.h"
#include "web/live_stream.h"
#include "web/query.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

using observe::Access;
using observe::Parameter;

constexpr base::Nanos kWindowMax = 3600 * base::kSecond;

Status BadParameter(const Parameter& parameter, const char* allowed) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", parameter.name, allowed));
}

// "30s" back from now, or an RFC 3339 time.
StatusOr<base::Nanos> ReadSince(const Parameter& parameter, base::Nanos now) {
  const auto back = tap::ParseDuration(parameter.value);
  if (back.ok()) return now - *back;
  if (const auto time = base::ParseRfc3339(parameter.value)) return *time;
  return BadParameter(parameter,
                      "must be a duration such as 30s or a time such as 2026-01-31T12:00:00Z");
}

HttpResponse JsonResponse(std::string body) {
  HttpResponse out;
  out.content_type = "application/json";
  out.body = std::move(body);
  out.headers = SecurityHeaders();
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

}  // namespace

struct LiveApi::Call {
  observe::LiveRequest live;
  base::Nanos window = 60 * base::kSecond;
  bool names_taps = false;
  std::vector<Parameter> filter;
  observe::Credentials credentials;
  Access access;

  Status Read(const Parameter& parameter, base::Nanos now) {
    const std::string& value = parameter.value;
    if (parameter.name == "tap") {
      names_taps = true;
      live.taps.push_back(value);
    } else if (parameter.name == "follow") {
      if (value != "true" && value != "false")
        return BadParameter(parameter, "must be true or false");
      live.follow = value == "true";
    } else if (parameter.name == "since") {
      const auto since = ReadSince(parameter, now);
      if (!since.ok()) return since.status();
      live.since = *since;
    } else if (parameter.name == "after") {
      live.after = value;
    } else if (parameter.name == "limit") {
      uint64_t limit = 0;
      const auto end = value.data() + value.size();
      const auto parsed = std::from_chars(value.data(), end, limit);
      if (parsed.ec != std::errc() || parsed.ptr != end || limit == 0) {
        return BadParameter(parameter, "must be a whole number from 1");
      }
      live.limit = limit;
    } else if (parameter.name == "window") {
      const auto read = tap::ParseDuration(value);
      if (!read.ok() || *read < base::kSecond || *read > kWindowMax) {
        return BadParameter(parameter, "must be a duration from 1s to 1h");
      }
      window = *read;
    } else {
      filter.push_back(parameter);
    }
    return absl::OkStatus();
  }
};

StatusOr<LiveApi::Call> LiveApi::ReadCall(const HttpRequest& request) const {
  const auto parameters = ParseQuery(request.query);
  if (!parameters.ok()) return parameters.status();
  Call call;
  for (const auto& parameter : *parameters)
    TT_RETURN_IF_ERROR(call.Read(parameter, clock_->Wall()));
  auto filter = observe::RecordFilter::Parse(call.filter);
  if (!filter.ok()) return filter.status();
  if (!(*filter)->empty()) call.live.filter = *std::move(filter);
  const auto in_force = hub_->taps();
  if (!call.names_taps) call.live.taps = in_force;
  std::set<std::string> seen;
  std::erase_if(call.live.taps, [&](const auto& tap) { return !seen.insert(tap).second; });
  call.credentials = {request.header("authorization"), request.peer};
  return call;
}

// A tap that the caller may not read is refused where it was named, and left out where all were
// meant. Names are told apart from "not found" only to those who may read them.
Route LiveApi::Authorized(Answer answer) {
  return Route([this, answer](const HttpRequest& request, const Route::Respond& respond) {
    if (auto refused = RefuseForeign(request)) return respond(*std::move(refused));
    auto call = ReadCall(request);
    // Who the caller is comes first: what is wrong with a query is nobody else's business.
    std::set<std::string> namespaces;
    observe::Credentials credentials{request.header("authorization"), request.peer};
    if (call.ok()) {
      for (const auto& tap : call->live.taps) namespaces.insert(observe::NamespaceOf(tap));
    }
    authorizer_->Authorize(
        credentials, namespaces,
        [this, answer, request, respond, call](StatusOr<Access> access) mutable {
          if (!access.ok()) return respond(FailureResponse(access.status()));
          if (!call.ok()) return respond(FailureResponse(call.status()));
          call->access = *access;
          auto& taps = call->live.taps;
          for (const auto& tap : std::vector<std::string>(taps)) {
            if (access->MayRead(observe::NamespaceOf(tap))) continue;
            if (call->names_taps) {
              return respond(FailureResponse(absl::PermissionDeniedError(fmt::format(
                  "user \"{}\" may not watch the records of tap \"{}\"", access->user, tap))));
            }
            std::erase(taps, tap);
          }
          auto answered = answer(request, *call);
          respond(answered.ok() ? *std::move(answered) : FailureResponse(answered.status()));
        });
  });
}

StatusOr<HttpResponse> LiveApi::AnswerPairs(const HttpRequest& request, Call& call) const {
  const bool events = request.header("accept").find("text/event-stream") != std::string::npos;
  auto reader = observe::LiveReader::Open(hub_, std::move(call.live), call.access);
  if (!reader.ok()) return reader.status();
  LiveStreamOptions options;
  options.format = events ? StreamFormat::kEvents : StreamFormat::kNdjson;
  options.query = request.query;
  options.credentials = call.credentials;
  HttpResponse out = JsonResponse({});
  out.content_type = events ? "text/event-stream" : "application/x-ndjson";
  out.stream =
      std::make_shared<LiveStream>(*std::move(reader), authorizer_, clock_, std::move(options));
  return out;
}

StatusOr<HttpResponse> LiveApi::AnswerSummary(Call& call) const {
  for (const auto& tap : call.live.taps) TT_RETURN_IF_ERROR(hub_->books(tap).status());
  const observe::SummaryRequest request{call.live.taps, call.window, call.live.filter};
  return JsonResponse(observe::SummaryJson(*hub_, request, call.access, clock_->Wall()));
}

StatusOr<HttpResponse> LiveApi::AnswerTaps(Call& call) const {
  return JsonResponse(taps_json_(call.access));
}

std::map<std::string, Route> LiveApi::Routes() {
  return {{"/api/v1/pairs", Authorized([this](const HttpRequest& request, Call& call) {
             return AnswerPairs(request, call);
           })},
          {"/api/v1/summary",
           Authorized([this](const HttpRequest&, Call& call) { return AnswerSummary(call); })},
          {"/api/v1/taps",
           Authorized([this](const HttpRequest&, Call& call) { return AnswerTaps(call); })}};
}

}  // namespace traffictap::web
