// SPDX-License-Identifier: Apache-2.0
#include "web/live_api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "observe/live_reader.h"
#include "observe/summary.h"
#include "tap/values.h"
#include "web/explain_route.h"
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

StatusOr<uint64_t> ReadLimit(const Parameter& parameter) {
  const std::string& value = parameter.value;
  uint64_t limit = 0;
  const auto end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, limit);
  if (parsed.ec != std::errc() || parsed.ptr != end || limit == 0) {
    return BadParameter(parameter, "must be a whole number from 1");
  }
  return limit;
}

StatusOr<base::Nanos> ReadWindow(const Parameter& parameter) {
  const auto window = tap::ParseDuration(parameter.value);
  if (!window.ok() || *window < base::kSecond || *window > kWindowMax) {
    return BadParameter(parameter, "must be a duration from 1s to 1h");
  }
  return *window;
}

StatusOr<observe::TrafficSummary::By> ReadBy(const Parameter& parameter) {
  using By = observe::TrafficSummary::By;
  if (parameter.value == "zone") return By::kZone;
  if (parameter.value == "version") return By::kVersion;
  if (parameter.value == "pod") return By::kPod;
  return BadParameter(parameter, "must be zone, version or pod");
}

const char* NameOf(LiveResource resource) {
  switch (resource) {
    case LiveResource::kPairs: return "pairs";
    case LiveResource::kSummaries: return "summaries";
    case LiveResource::kTaps: return "taps";
  }
  return "";
}

StatusOr<bool> ReadFlag(const Parameter& parameter) {
  if (parameter.value == "true" || parameter.value == "1") return true;
  if (parameter.value == "false" || parameter.value == "0") return false;
  return BadParameter(parameter, "must be true or false");
}

}  // namespace

// A request on its way: first read, then its caller's right to the taps, then to the sides of their
// records, then answered.
struct LiveApi::Call {
  LiveResource resource;
  HttpRequest request;
  LiveScope scope;
  Route::Respond respond;
  observe::LiveRequest live = {};
  base::Nanos window = 60 * base::kSecond;
  base::Nanos until = 0;  // of a summary; 0: now
  observe::TrafficSummary::By by = observe::TrafficSummary::By::kNothing;
  bool mergeable = false;
  bool names_taps = false;
  std::vector<Parameter> filter = {};
  Status read = absl::OkStatus();  // what is wrong with the request
  std::set<std::string> asked = {};
  Access access = {};

  Status Read(const Parameter& parameter, base::Nanos now) {
    if (parameter.name == "tap") return ReadTap(parameter.value);
    if (parameter.name == "clusterTap" && scope.ns) return ReadClusterTap(parameter);
    if (parameter.name == scope.follow) return Set(ReadFlag(parameter), &live.follow);
    if (parameter.name == "since") return Set(ReadSince(parameter, now), &live.since);
    if (parameter.name == "limit") return Set(ReadLimit(parameter), &live.limit);
    if (parameter.name == "window") return Set(ReadWindow(parameter), &window);
    if (parameter.name == "until" && resource == LiveResource::kSummaries) {
      return Set(ReadSince(parameter, now), &until);
    }
    if (parameter.name == "by" && resource == LiveResource::kSummaries) {
      return Set(ReadBy(parameter), &by);
    }
    if (parameter.name == "mergeable" && resource == LiveResource::kSummaries) {
      return Set(ReadFlag(parameter), &mergeable);
    }
    if (parameter.name == "after") {
      live.after = parameter.value;
    } else {
      filter.push_back(parameter);
    }
    return absl::OkStatus();
  }

  // "NAME" is of the namespace that the request is limited to.
  Status ReadTap(const std::string& value) {
    names_taps = true;
    std::string tap = value;
    TT_RETURN_IF_ERROR(QualifyTap(scope.ns, &tap));
    AddTap(tap);
    return absl::OkStatus();
  }

  // Of a ClusterTrafficTap a namespace's request gets the records with an end in it.
  Status ReadClusterTap(const Parameter& parameter) {
    if (parameter.value.empty() || parameter.value.find('/') != std::string::npos) {
      return BadParameter(parameter, "must be the name of a ClusterTrafficTap");
    }
    names_taps = true;
    AddTap(parameter.value);
    filter.push_back({"namespace", *scope.ns});
    return absl::OkStatus();
  }

  void AddTap(const std::string& tap) {
    const auto& taps = live.taps;
    if (std::find(taps.begin(), taps.end(), tap) == taps.end()) live.taps.push_back(tap);
  }

  bool MayRead(const std::string& tap) const {
    return MayReadTap(access, tap, scope.ns.value_or(""));
  }

  template <typename From, typename To>
  static Status Set(const StatusOr<From>& read, To* out) {
    if (read.ok()) *out = *read;
    return read.status();
  }

  void Refuse(const Status& why) const {
    AuditRefusal(scope.credentials, NameOf(resource), scope.ns.value_or(""), request.query, why);
    respond(FailureResponse(why));
  }
};

Status LiveApi::ReadCall(Call* call) const {
  const auto parameters = ParseQuery(call->request.query);
  if (!parameters.ok()) return parameters.status();
  for (const auto& parameter : *parameters)
    TT_RETURN_IF_ERROR(call->Read(parameter, clock_->Wall()));
  auto filter = observe::RecordFilter::Parse(call->filter);
  if (!filter.ok()) return filter.status();
  if (!(*filter)->empty()) call->live.filter = *std::move(filter);
  if (call->names_taps) return absl::OkStatus();
  for (const auto& tap : hub_->taps()) {
    const bool meant = !call->scope.ns || observe::NamespaceOf(tap) == *call->scope.ns;
    if (meant) call->live.taps.push_back(tap);
  }
  return absl::OkStatus();
}

void LiveApi::Answer(LiveResource resource, const HttpRequest& request, LiveScope scope,
                     const Route::Respond& respond) const {
  auto call = std::make_shared<Call>(Call{resource, request, std::move(scope), respond});
  call->read = ReadCall(call.get());
  if (call->scope.ns) call->asked.insert(*call->scope.ns);
  for (const auto& tap : call->live.taps) call->asked.insert(observe::NamespaceOf(tap));
  authorizer_->Authorize(
      call->scope.credentials, call->asked,
      [this, call](StatusOr<Access> access) { CheckTaps(call, std::move(access)); });
}

// A tap that the caller may not read is refused where it was named, and left out where all were
// meant. Names are told apart from "not found" only to those who may read them; what is wrong with
// a query is nobody else's business either.
void LiveApi::CheckTaps(const CallPtr& call, StatusOr<Access> access) const {
  if (!access.ok()) return call->Refuse(access.status());
  call->access = *std::move(access);
  const auto refuse = [&](const std::string& what) {
    call->Refuse(absl::PermissionDeniedError(
        fmt::format("user \"{}\" may not watch the records of {}", call->access.user, what)));
  };
  if (call->scope.ns && !call->access.MayRead(*call->scope.ns)) {
    return refuse(fmt::format("namespace \"{}\"", *call->scope.ns));
  }
  if (!call->read.ok()) return call->respond(FailureResponse(call->read));
  auto& taps = call->live.taps;
  const auto hidden = [&](const std::string& tap) { return !call->MayRead(tap); };
  const auto first = std::find_if(taps.begin(), taps.end(), hidden);
  if (first == taps.end()) return CheckSides(call);
  if (call->names_taps) return refuse(fmt::format("tap \"{}\"", *first));
  std::erase_if(taps, hidden);
  if (taps.empty()) return refuse("any tap that is active here");
  CheckSides(call);
}

// The backlog's other sides may be of namespaces that the caller may read too.
void LiveApi::CheckSides(const CallPtr& call) const {
  if (call->access.everything || call->resource == LiveResource::kTaps) return Finish(call);
  auto namespaces = observe::SeenNamespaces(*hub_, call->live.taps);
  namespaces.insert(call->asked.begin(), call->asked.end());
  if (namespaces.size() == call->asked.size()) return Finish(call);
  authorizer_->Authorize(call->scope.credentials, namespaces,
                         [this, call](StatusOr<Access> access) {
                           if (!access.ok()) return call->Refuse(access.status());
                           call->access = *std::move(access);
                           Finish(call);
                         });
}

void LiveApi::Finish(const CallPtr& call) const {
  const auto respond = [call](StatusOr<HttpResponse> answer) {
    call->respond(answer.ok() ? *std::move(answer) : FailureResponse(answer.status()));
  };
  switch (call->resource) {
    case LiveResource::kPairs: return respond(AnswerPairs(call.get()));
    case LiveResource::kTaps: return respond(AnswerTaps(*call));
    case LiveResource::kSummaries:
      summaries_->Do([this, call, respond](const Status& status) {
        respond(status.ok() ? AnswerSummary(*call) : StatusOr<HttpResponse>(status));
      });
  }
}

StatusOr<HttpResponse> LiveApi::AnswerPairs(Call* call) const {
  const std::string& accept = call->request.header("accept");
  const bool events = accept.find("text/event-stream") != std::string::npos;
  auto reader = observe::LiveReader::Open(hub_, std::move(call->live), call->access);
  if (!reader.ok()) return reader.status();
  LiveStreamOptions options;
  options.format = events ? StreamFormat::kEvents : StreamFormat::kNdjson;
  options.ns = call->scope.ns.value_or("");
  options.query = call->request.query;
  options.credentials = call->scope.credentials;
  HttpResponse out = JsonResponse({});
  out.content_type = events ? "text/event-stream" : "application/x-ndjson";
  out.stream =
      std::make_shared<LiveStream>(*std::move(reader), authorizer_, clock_, std::move(options));
  return out;
}

StatusOr<HttpResponse> LiveApi::AnswerSummary(const Call& call) const {
  for (const auto& tap : call.live.taps) TT_RETURN_IF_ERROR(hub_->counters(tap).status());
  const observe::SummaryRequest request{call.live.taps, call.window, call.live.filter, call.by,
                                        call.mergeable};
  const base::Nanos end = call.until > 0 ? call.until : clock_->Wall();
  return JsonResponse(observe::SummaryJson(*hub_, request, call.access, end));
}

HttpResponse LiveApi::AnswerTaps(const Call& call) const {
  Access access = call.access;
  if (call.scope.ns) {
    access.everything = false;
    access.namespaces = {*call.scope.ns};
  }
  return JsonResponse(taps_json_(access));
}

Route LiveApi::Standalone(LiveResource resource) const {
  return LocalRoute([this, resource](const HttpRequest& request, observe::Credentials credentials,
                                     const Route::Respond& respond) {
    Answer(resource, request, {std::move(credentials)}, respond);
  });
}

std::map<std::string, Route> LiveApi::Routes() const {
  return {{"/api/v1/pairs", Standalone(LiveResource::kPairs)},
          {"/api/v1/summary", Standalone(LiveResource::kSummaries)},
          {"/api/v1/taps", Standalone(LiveResource::kTaps)},
          {"/api/v1/explain", ExplainRoute(authorizer_)}};
}

}  // namespace traffictap::web
