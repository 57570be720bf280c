// SPDX-License-Identifier: Apache-2.0
#include "cli/records/live_relay.h"

#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "web/explain_route.h"
#include "web/pushed_body.h"
#include "web/site_guard.h"

namespace traffictap::cli {
namespace {

constexpr size_t kBufferBytesMax = size_t{8} << 20;
constexpr base::Nanos kRoomWait = base::kSecond;
constexpr char kEvents[] = "text/event-stream";

web::HttpResponse Answer(std::string content_type) {
  web::HttpResponse out;
  out.content_type = std::move(content_type);
  out.headers = web::SecurityHeaders();
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

// The aggregated API's name of "follow=true" is Kubernetes' own.
std::string TranslatedQuery(std::string query, const Cluster& cluster) {
  constexpr std::string_view kFollow = "follow=";
  if (cluster.standalone) return query;
  for (size_t at = query.find(kFollow); at != std::string::npos; at = query.find(kFollow, at + 1)) {
    if (at == 0 || query[at - 1] == '&') query.replace(at, kFollow.size(), "watch=");
  }
  return query;
}

// On a thread of its own: the calls block.
void RelayStream(const Cluster& cluster, const std::string& path, const std::string& accept,
                 std::stop_token relay_ends, const web::Route::Respond& respond) {
  std::stop_source stop;
  const std::stop_callback on_end(relay_ends, [&stop] { stop.request_stop(); });
  // Gathers, since records come singly. A reader that is too slow is cut off, and comes again for
  // the rest.
  const auto body = std::make_shared<web::PushedBody>(
      web::PushedBodyOptions{.bytes_max = kBufferBytesMax,
                             .room_wait = kRoomWait,
                             .after_bytes = web::BodySource::Next::kWait,
                             .on_gone = [stop]() mutable { stop.request_stop(); }});
  bool open = false;
  kube::StreamHandlers handlers;
  handlers.on_open = [&] {
    open = true;
    web::HttpResponse head = Answer(accept);
    head.stream = body;
    respond(std::move(head));
  };
  handlers.on_bytes = [&](std::string_view bytes) { return body->Put(bytes); };
  Status ended = cluster.client->Stream(path, {.accept = accept}, handlers, stop.get_token());
  body->End();
  if (open) return;
  if (ended.ok()) ended = absl::UnavailableError("the cluster ended the stream immediately");
  respond(web::FailureResponse(ExplainLive(ended, cluster)));
}

void RelayCall(const Cluster& cluster, const std::string& path,
               const web::Route::Respond& respond) {
  auto body = cluster.client->GetRaw(path, {});
  if (!body.ok()) return respond(web::FailureResponse(ExplainLive(body.status(), cluster)));
  web::HttpResponse out = Answer("application/json");
  out.body = *std::move(body);
  respond(std::move(out));
}

}  // namespace

LiveRelay::LiveRelay(const Cluster* cluster, observe::Authorizer* authorizer)
    : cluster_(cluster), authorizer_(authorizer) {}

web::Route LiveRelay::Relayed(const std::string& resource) {
  const auto relay = [this, resource](const web::HttpRequest& request,
                                      const web::Route::Respond& respond) {
    const std::string query = TranslatedQuery(request.query, *cluster_);
    const std::string path =
        LivePath(*cluster_, resource, false, {}) + (query.empty() ? "" : "?" + query);
    const bool events = request.header("accept").find(kEvents) != std::string::npos;
    const std::string accept = events ? kEvents : "application/x-ndjson";
    const Status runs = threads_.Run(
        [cluster = cluster_, resource, path, accept, respond](std::stop_token relay_ends) {
          if (resource == "pairs") {
            RelayStream(*cluster, path, accept, std::move(relay_ends), respond);
          } else {
            RelayCall(*cluster, path, respond);
          }
        });
    if (!runs.ok()) respond(web::FailureResponse(runs));
  };
  return web::KnownRoute(authorizer_, relay);
}

std::map<std::string, web::Route> LiveRelay::Routes() {
  return {{"/api/v1/pairs", Relayed("pairs")},
          {"/api/v1/summary", Relayed("summaries")},
          {"/api/v1/taps", Relayed("taps")},
          {"/api/v1/explain", web::ExplainRoute(authorizer_)}};
}

}  // namespace traffictap::cli
