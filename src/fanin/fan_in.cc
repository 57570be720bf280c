// SPDX-License-Identifier: Apache-2.0
#include "fanin/fan_in.h"

#include <algorithm>
#include <stop_token>
#include <utility>
#include <vector>

#include "apiserver/front_proxy.h"
#include "fanin/merge_answers.h"
#include "fanin/pairer_query.h"
#include "nlohmann/json.hpp"
#include "web/site_guard.h"

namespace traffictap::fanin {
namespace {

using Json = nlohmann::ordered_json;

// The request as a pairer gets it: the path is the same there.
kube::HttpRequest HandedOn(const web::HttpRequest& request,
                           const observe::Credentials& credentials) {
  kube::HttpRequest out;
  out.target = request.path + (request.query.empty() ? "" : "?" + request.query);
  out.authorization = credentials.authorization;
  if (!credentials.user.name.empty()) out.headers = apiserver::HeadersOf(credentials.user);
  if (request.posted) {
    out.method = "POST";
    const std::string& type = request.header("content-type");
    out.content_type = type.empty() ? "application/json" : type;
    out.body = *request.posted;
  }
  return out;
}

web::HttpResponse Merged(const Asked& asked,
                         StatusOr<std::string> (*merge)(const std::vector<std::string>&,
                                                        const std::vector<Missing>&)) {
  if (asked.refusal) return *asked.refusal;
  std::vector<std::string> bodies;
  for (const auto& answer : asked.answers) bodies.push_back(answer.body);
  auto body = merge(bodies, asked.missing);
  return body.ok() ? web::JsonResponse(*std::move(body)) : web::FailureResponse(body.status());
}

// Files are where they were written.
web::HttpResponse NoFiles() {
  return web::FailureResponse(absl::FailedPreconditionError(
      "each pairer has files of its own: copy them from the pairers, or use an output that brings "
      "them together"));
}

}  // namespace

FanIn::FanIn(FanInOptions options, const PairerDirectory* pairers, const base::Clock* clock)
    : options_(std::move(options)),
      pairers_(pairers),
      clock_(clock),
      threads_(options_.threads_max) {}

std::map<std::string, web::Route> FanIn::Routes() {
  const auto stream = [this](const web::HttpRequest& request, observe::Credentials credentials,
                             const web::Route::Respond& respond) {
    AnswerStream(request, credentials, "follow", respond);
  };
  const auto no_files = [](const web::HttpRequest&, observe::Credentials,
                           const web::Route::Respond& respond) { respond(NoFiles()); };
  return {
      {"/api/v1/pairs", web::LocalRoute(stream)},
      {"/api/v1/taps", Waiting([this](const auto& request) { return TapsAnswer(request); })},
      {"/api/v1/summary", Waiting([this](const auto& request) { return SummaryAnswer(request); })},
      {"/api/v1/explain",
       Waiting([this](const auto& request) { return ExplainAnswer(request); }).TakingBodies()},
      {"/api/v1/dumps",
       Waiting([this](const auto& request) { return DumpAnswer(request); }).TakingBodies()},
      {"/api/v1/files", web::LocalRoute(no_files)}};
}

web::Route FanIn::Waiting(std::function<Answer(const kube::HttpRequest& request)> make) {
  return web::LocalRoute([this, make = std::move(make)](const web::HttpRequest& request,
                                                        const observe::Credentials& credentials,
                                                        const web::Route::Respond& respond) {
    Do(make(HandedOn(request, credentials)), respond);
  });
}

void FanIn::Do(const Answer& answer, const web::Route::Respond& respond) {
  const Status runs =
      threads_.Run([answer, respond](const std::stop_token&) { respond(answer()); });
  if (!runs.ok()) respond(web::FailureResponse(runs));
}

void FanIn::AnswerLive(web::LiveResource resource, const web::HttpRequest& request,
                       web::LiveScope scope, const web::Route::Respond& respond) {
  const kube::HttpRequest asked = HandedOn(request, scope.credentials);
  switch (resource) {
    case web::LiveResource::kPairs:
      return AnswerStream(request, scope.credentials, scope.follow, respond);
    case web::LiveResource::kTaps: return Do(TapsAnswer(asked), respond);
    case web::LiveResource::kSummaries: return Do(SummaryAnswer(asked), respond);
  }
}

void FanIn::AnswerDump(const web::HttpRequest& request, observe::Credentials credentials,
                       const std::optional<std::string>&, const web::Route::Respond& respond) {
  Do(DumpAnswer(HandedOn(request, credentials)), respond);
}

void FanIn::AnswerFiles(const web::HttpRequest&, web::LiveScope,
                        const web::Route::Respond& respond) {
  respond(NoFiles());
}

std::shared_ptr<void> FanIn::Ticket() {
  if (readers_->fetch_add(1) >= options_.readers_max) {
    readers_->fetch_sub(1);
    return nullptr;
  }
  return {readers_.get(), [readers = readers_](void*) { readers->fetch_sub(1); }};
}

void FanIn::AnswerStream(const web::HttpRequest& request, const observe::Credentials& credentials,
                         const std::string& follow, const web::Route::Respond& respond) {
  auto query = ReadQuery(request.query, follow, clock_->Wall());
  if (!query.ok()) return respond(web::FailureResponse(query.status()));
  StreamCall call;
  call.ticket = Ticket();
  if (!call.ticket) {
    return respond(web::FailureResponse(
        absl::ResourceExhaustedError("too many live readers: end another one, or try later")));
  }
  const bool events = request.header("accept").find("text/event-stream") != std::string::npos;
  call.format = events ? web::StreamFormat::kEvents : web::StreamFormat::kNdjson;
  call.merge = options_.merge;
  call.merge.follow = query->follow;
  call.merge.limit = query->limit;
  call.merge.from = query->from;
  call.retry = options_.retry;
  call.request = [text = query->text, path = request.path,
                  same = HandedOn(request, credentials)](const std::string& after) {
    kube::HttpRequest out = same;
    const std::string asked = after.empty() ? text : WithParameter(text, "after", after);
    out.target = path + (asked.empty() ? "" : "?" + asked);
    out.accept = "application/x-ndjson";
    return out;
  };
  MergedStream::Open(std::move(call), pairers_, &threads_, clock_, respond);
}

Asked FanIn::Ask(const kube::HttpRequest& request) {
  Asked out = AskAll(pairers_->pairers(), request, options_.call_timeout);
  if (!out.answers.empty() && !out.missing.empty()) ++partial_;
  return out;
}

FanIn::Answer FanIn::TapsAnswer(const kube::HttpRequest& request) {
  return [this, request] { return Merged(Ask(request), &MergeTaps); };
}

FanIn::Answer FanIn::SummaryAnswer(const kube::HttpRequest& request) {
  kube::HttpRequest asked = request;
  asked.target += (asked.target.find('?') == std::string::npos ? '?' : '&');
  asked.target += "mergeable=true";
  return [this, asked] { return Merged(Ask(asked), &MergeSummaries); };
}

// All pairers say the same: it is in the record.
FanIn::Answer FanIn::ExplainAnswer(const kube::HttpRequest& request) const {
  return [this, request] {
    const auto answer = AskOne(pairers_->pairers(), request, options_.call_timeout);
    if (answer.ok() && answer->code == 200) return web::JsonResponse(answer->body);
    return RefusalOf("of all that were asked", answer);
  };
}

// Each pairer has a part of a tap's recorder: all are asked, and one that dumps is enough for 201.
FanIn::Answer FanIn::DumpAnswer(const kube::HttpRequest& request) {
  return [this, request] {
    const Asked asked = Ask(request);
    if (asked.refusal) return *asked.refusal;
    const auto best = std::max_element(
        asked.answers.begin(), asked.answers.end(),
        [](const kube::HttpResponse& a, const kube::HttpResponse& b) { return a.code < b.code; });
    Json body = Json::parse(best->body, nullptr, /*allow_exceptions=*/false);
    if (body.is_object() && !asked.missing.empty()) {
      body["partial"] = {{"missing", Json::parse(MissingJson(asked.missing))}};
    }
    auto out = web::JsonResponse(body.is_object() ? body.dump() + '\n' : best->body);
    out.code = best->code;
    return out;
  };
}

void FanIn::WriteMetrics(base::MetricWriter& writer) const {
  writer.Gauge("traffictap_reader_pairers", "Pairers that this reader knows.", {},
               static_cast<double>(pairers_->pairers().size()));
  writer.Gauge("traffictap_reader_streams", "Live streams that are open.", {}, readers_->load());
  writer.Counter("traffictap_reader_partial_answers_total",
                 "Answers, other than streams, in which pairers were missing.", {},
                 static_cast<double>(partial_.load()));
}

}  // namespace traffictap::fanin
