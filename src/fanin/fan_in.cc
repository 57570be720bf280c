// SPDX-License-Identifier: Apache-2.0
#include "fanin/fan_in.h"

#include <algorithm>
#include <stop_token>
#include <utility>
#include <vector>

#include "apiserver/front_proxy.h"
#include "fanin/json_text.h"
#include "fanin/merge_answers.h"
#include "fanin/pairer_files.h"
#include "fanin/pairer_query.h"
#include "fmt/format.h"
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

// An upgrade that is not finished shows, whichever of the two is behind.
apiserver::ServedVersions MergeVersions(const std::string& own, const Asked& asked) {
  apiserver::ServedVersions out{own, ""};
  for (const auto& one : asked.missing) out.missing.emplace_back(one.pairer, one.reason);
  for (const auto& answer : asked.answers) {
    const Json told = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    const Json none = Json::object();
    const bool tells = told.is_object() && told.contains("trafficTap");
    const Json& versions = tells ? told["trafficTap"] : none;
    const std::string collector = TextOf(versions, "collectorVersion");
    if (out.collector_version == own && !collector.empty()) out.collector_version = collector;
    if (out.operator_version.empty()) out.operator_version = TextOf(versions, "operatorVersion");
  }
  return out;
}

// One of `most` that there are at once, for as long as it is held; null: there are so many.
std::shared_ptr<void> TicketOf(const std::shared_ptr<std::atomic<int>>& count, int most) {
  if (count->fetch_add(1) >= most) {
    count->fetch_sub(1);
    return nullptr;
  }
  return {count.get(), [count](void*) { count->fetch_sub(1); }};
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
  const auto files = [this](const web::HttpRequest& request, observe::Credentials credentials,
                            const web::Route::Respond& respond) {
    AnswerFiles(request, {std::move(credentials)}, respond);
  };
  return {
      {"/api/v1/pairs", web::LocalRoute(stream)},
      {"/api/v1/taps", Waiting([this](const auto& request) { return TapsAnswer(request); })},
      {"/api/v1/summary", Waiting([this](const auto& request) { return SummaryAnswer(request); })},
      {"/api/v1/explain",
       Waiting([this](const auto& request) { return ExplainAnswer(request); }).TakingBodies()},
      {"/api/v1/dumps",
       Waiting([this](const auto& request) { return DumpAnswer(request); }).TakingBodies()},
      {"/api/v1/files", web::LocalRoute(files)}};
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

void FanIn::AnswerFiles(const web::HttpRequest& request, web::LiveScope scope,
                        const web::Route::Respond& respond) {
  const auto query = ReadFilesQuery(request.query);
  if (!query.ok()) return respond(web::FailureResponse(query.status()));
  kube::HttpRequest asked = HandedOn(request, scope.credentials);
  asked.target = request.path + (query->text.empty() ? "" : "?" + query->text);
  if (query->pairer.empty()) return Do(FilesAnswer(asked), respond);
  AnswerFilePart(query->pairer, asked, respond);
}

FanIn::Answer FanIn::FilesAnswer(const kube::HttpRequest& request) {
  return [this, request] {
    const Asked asked = Ask(request, options_.files_timeout);
    if (asked.refusal) return *asked.refusal;
    auto body = MergeFileLists(asked);
    return body.ok() ? web::JsonResponse(*std::move(body)) : web::FailureResponse(body.status());
  };
}

// Pairers alone are asked, whatever address a caller gives.
void FanIn::AnswerFilePart(const std::string& pairer, const kube::HttpRequest& request,
                           const web::Route::Respond& respond) {
  const auto known = pairers_->pairers();
  const auto meant = std::find_if(known.begin(), known.end(),
                                  [&](const Pairer& one) { return one.address == pairer; });
  if (meant == known.end()) {
    return respond(web::FailureResponse(absl::NotFoundError(fmt::format(
        "pairer: \"{}\" is none that is known here by now: list the files again", pairer))));
  }
  auto ticket = TicketOf(files_, options_.files_max);
  if (!ticket) {
    return respond(web::FailureResponse(
        absl::ResourceExhaustedError("too many files are being copied: try again later")));
  }
  Do(
      [one = *meant, request, ticket, timeout = options_.file_timeout] {
        return FilePartAnswer(one.address, one.client->Send(request, timeout), ticket);
      },
      respond);
}

void FanIn::AnswerStream(const web::HttpRequest& request, const observe::Credentials& credentials,
                         const std::string& follow, const web::Route::Respond& respond) {
  auto query = ReadQuery(request.query, follow, clock_->Wall());
  if (!query.ok()) return respond(web::FailureResponse(query.status()));
  StreamCall call;
  call.ticket = TicketOf(readers_, options_.readers_max);
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

Asked FanIn::Ask(const kube::HttpRequest& request, base::Nanos timeout) {
  Asked out = AskAll(pairers_->known(), request, timeout);
  if (!out.answers.empty() && !out.missing.empty()) ++partial_;
  return out;
}

FanIn::Answer FanIn::TapsAnswer(const kube::HttpRequest& request) {
  return [this, request] { return Merged(Ask(request, options_.call_timeout), &MergeTaps); };
}

FanIn::Answer FanIn::SummaryAnswer(const kube::HttpRequest& request) {
  kube::HttpRequest asked = request;
  asked.target += (asked.target.find('?') == std::string::npos ? '?' : '&');
  asked.target += "mergeable=true";
  return [this, asked] { return Merged(Ask(asked, options_.call_timeout), &MergeSummaries); };
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
    const Asked asked = Ask(request, options_.call_timeout);
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

void FanIn::TellVersions(const std::string& own, const observe::User& user,
                         const apiserver::TellVersions& tell) {
  observe::Credentials credentials;
  credentials.user = user;
  web::HttpRequest request;
  request.path = apiserver::VersionPath();
  const Status runs = threads_.Run(
      [this, own, tell, asked = HandedOn(request, credentials)](const std::stop_token&) {
        tell(MergeVersions(own, AskAll(pairers_->known(), asked, options_.versions_timeout)));
      });
  if (!runs.ok()) tell({own, ""});
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
