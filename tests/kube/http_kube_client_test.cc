// SPDX-License-Identifier: Apache-2.0
#include "kube/http_kube_client.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "absl/synchronization/notification.h"
#include "fakes/eventually.h"
#include "fakes/scripted_http_server.h"

namespace traffictap {
namespace {

using fakes::ScriptedConnection;
using fakes::ScriptedHttpServer;
using fakes::ScriptedRequest;
using kube::Json;
using kube::Object;

std::string StatusBody(int code, const std::string& reason, const std::string& message,
                       const Json& details = Json::object()) {
  return Json{{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"}, {"code", code},
              {"reason", reason}, {"message", message}, {"details", details}}
      .dump();
}

std::string Event(const std::string& type, const std::string& name, const std::string& version) {
  return Json{{"type", type},
              {"object",
               {{"apiVersion", "v1"},
                {"kind", "Pod"},
                {"metadata", {{"name", name}, {"resourceVersion", version}}}}}}
             .dump() +
         "\n";
}

std::string Page(const std::vector<std::string>& names, const std::string& version,
                 const std::string& more = "") {
  Json items = Json::array();
  for (const auto& name : names) items.push_back({{"metadata", {{"name", name}}}});
  return Json{{"kind", "PodList"},
              {"apiVersion", "v1"},
              {"metadata", {{"resourceVersion", version}, {"continue", more}}},
              {"items", items}}
      .dump();
}

// A client of a scripted server.
struct Rig {
  explicit Rig(ScriptedHttpServer::Script script) : server(std::move(script)) { Connect({}); }

  void Connect(kube::HttpKubeClientOptions options) {
    if (options.access.server.empty()) options.access.server = server.url();
    auto made = kube::HttpKubeClient::Make(options, &clock);
    BOOST_TEST_REQUIRE(made.ok(), Message(made.status()));
    client = *std::move(made);
  }

  Status Watch(const kube::WatchOptions& options = {}) {
    return client->Watch(
        kube::kPods, options, [this](kube::WatchEvent event) { seen.push_back(event); },
        stop.get_token());
  }

  base::SystemClock clock;
  ScriptedHttpServer server;
  std::unique_ptr<kube::HttpKubeClient> client;
  std::vector<kube::WatchEvent> seen;
  std::stop_source stop;
};

ScriptedHttpServer::Script Always(int code, const std::string& body,
                                  const std::string& headers = "") {
  return [=](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.Answer(code, body, headers);
    return true;
  };
}

BOOST_AUTO_TEST_SUITE(http_kube_client)

BOOST_AUTO_TEST_CASE(get_reads_an_object_below_its_path) {
  Rig rig(Always(200, R"({"kind":"Pod","metadata":{"name":"web","namespace":"shop"}})"));
  const auto pod = rig.client->Get(kube::kPods, {"shop", "web"}, {});
  BOOST_TEST_REQUIRE(pod.ok(), Message(pod.status()));
  BOOST_TEST(pod->key().ToString() == "shop/web");
  const auto request = rig.server.requests().at(0);
  BOOST_TEST(request.method == "GET");
  BOOST_TEST(request.target == "/api/v1/namespaces/shop/pods/web");
  BOOST_TEST(request.headers.at("user-agent") == "traffictap");
}

BOOST_AUTO_TEST_CASE(each_call_asks_to_act_as_somebody_else) {
  Rig rig(Always(200, R"({"kind":"Pod","metadata":{"name":"web","namespace":"shop"}})"));
  kube::HttpKubeClientOptions options;
  options.access.impersonate = {"jane", "7", {"dev", "ops"}, {{"acme/scopes", {"view"}}}};
  rig.Connect(options);
  BOOST_TEST(rig.client->Get(kube::kPods, {"shop", "web"}, {}).ok());
  const auto headers = rig.server.requests().at(0).headers;
  BOOST_TEST(headers.at("impersonate-user") == "jane");
  BOOST_TEST(headers.at("impersonate-uid") == "7");
  // The last of the two lines, each a group.
  BOOST_TEST(headers.at("impersonate-group") == "ops");
  BOOST_TEST(headers.at("impersonate-extra-acme%2fscopes") == "view");
}

BOOST_AUTO_TEST_CASE(a_name_to_act_as_cannot_add_headers) {
  base::SystemClock clock;
  kube::HttpKubeClientOptions options;
  options.access.server = "http://127.0.0.1:1";
  options.access.impersonate.user = "jane\r\nX-Other: 1";
  const auto made = kube::HttpKubeClient::Make(options, &clock);
  BOOST_TEST(absl::IsInvalidArgument(made.status()));
}

BOOST_AUTO_TEST_CASE(calls_go_through_the_proxy) {
  Rig rig(Always(200, R"({"kind":"Pod","metadata":{"name":"web","namespace":"shop"}})"));
  kube::HttpKubeClientOptions options;
  options.access.server = "http://api.invalid:6443";
  options.access.proxy_url = rig.server.url();
  rig.Connect(options);
  BOOST_TEST(rig.client->Get(kube::kPods, {"shop", "web"}, {}).ok());
  BOOST_TEST(rig.server.requests().at(0).target ==
             "http://api.invalid:6443/api/v1/namespaces/shop/pods/web");
}

BOOST_AUTO_TEST_CASE(one_limit_may_hold_for_every_call) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.Hang();
    return false;
  });
  kube::HttpKubeClientOptions options;
  options.request_timeout = 50 * base::kMillisecond;
  rig.Connect(options);
  const auto status = rig.client->Get(kube::kPods, {"shop", "web"}, {}).status();
  BOOST_TEST(absl::IsDeadlineExceeded(status), Message(status));
}

BOOST_AUTO_TEST_CASE(errors_carry_code_reason_cause_and_wait) {
  Rig rig(Always(409,
                 StatusBody(409, "Conflict", "conflict with \"kubectl\"",
                            {{"causes", {{{"reason", "FieldManagerConflict"}}}}}),
                 "Retry-After: 7\r\n"));
  const auto status = rig.client->Get(kube::kPods, {"shop", "web"}, {}).status();
  BOOST_TEST((status.code() == absl::StatusCode::kAborted));
  BOOST_TEST(kube::IsConflict(status));
  BOOST_TEST(kube::IsFieldManagerConflict(status));
  BOOST_TEST(kube::RetryAfter(status).value_or(0) == 7 * base::kSecond);
  BOOST_TEST(Message(status) == "get pods shop/web: conflict with \"kubectl\" (HTTP 409)");
}

BOOST_AUTO_TEST_CASE(an_error_that_is_no_json_is_still_an_error) {
  Rig rig(Always(502, "<html>bad gateway</html>"));
  const auto status = rig.client->Get(kube::kPods, {"shop", "web"}, {}).status();
  BOOST_TEST((status.code() == absl::StatusCode::kUnavailable));
  BOOST_TEST(kube::ApiErrorOf(status)->code == 502);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_unavailable_without_an_api_error) {
  Rig rig(Always(200, "{}"));
  kube::HttpKubeClientOptions options;
  options.access.server = "http://127.0.0.1:1";
  rig.Connect(options);
  const auto status = rig.client->Get(kube::kPods, {"shop", "web"}, {}).status();
  BOOST_TEST((status.code() == absl::StatusCode::kUnavailable));
  BOOST_TEST(!kube::ApiErrorOf(status).has_value());
}

BOOST_AUTO_TEST_CASE(a_call_ends_at_its_deadline_though_the_server_keeps_still) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.Hang();
    return false;
  });
  const auto status =
      rig.client->Get(kube::kPods, {"shop", "web"}, {.timeout = 200 * base::kMillisecond}).status();
  BOOST_TEST((status.code() == absl::StatusCode::kDeadlineExceeded), Message(status));
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_refused) {
  Rig rig(Always(200, std::string(300'000, ' ')));
  kube::HttpKubeClientOptions options;
  options.response_bytes_max = 100'000;
  rig.Connect(options);
  const auto status = rig.client->GetRaw("/version", {}).status();
  BOOST_TEST((status.code() == absl::StatusCode::kResourceExhausted), Message(status));
}

BOOST_AUTO_TEST_CASE(a_stream_tells_that_it_is_open_and_gives_its_bytes_until_its_end) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk("ab");
    connection.Chunk("c");
    connection.EndChunked();
    return true;
  });
  std::string seen;
  const kube::StreamHandlers handlers{[&] { seen += "open:"; },
                                      [&](std::string_view bytes) {
                                        seen += bytes;
                                        return absl::OkStatus();
                                      }};
  BOOST_TEST(rig.client->Stream("/lines?a=b", {.accept = "text/plain"}, handlers, {}).ok());
  BOOST_TEST(seen == "open:abc");
  BOOST_TEST(rig.server.requests().at(0).target == "/lines?a=b");
  BOOST_TEST(rig.server.requests().at(0).headers.at("accept") == "text/plain");
}

BOOST_AUTO_TEST_CASE(a_refused_or_silent_stream_is_an_error_and_the_readers_own_word_comes_back) {
  Rig refused(Always(403, R"({"kind":"Status","reason":"Forbidden","message":"no"})"));
  const kube::StreamHandlers enough{nullptr,
                                    [](std::string_view) { return absl::AbortedError("enough"); }};
  BOOST_TEST(absl::IsPermissionDenied(refused.client->Stream("/x", {}, enough, {})));
  Rig open([](const ScriptedRequest& request, ScriptedConnection& connection) {
    connection.BeginChunked();
    if (request.target == "/lines") connection.Chunk("a");
    connection.Hang();
    return false;
  });
  BOOST_TEST(absl::IsAborted(open.client->Stream("/lines", {}, enough, {})));
  const kube::StreamOptions brief{.silence = base::kSecond};
  BOOST_TEST(absl::IsUnavailable(open.client->Stream("/silent", brief, enough, {})));
  std::stop_source stop;
  const kube::StreamHandlers stopping{[&] { stop.request_stop(); }, enough.on_bytes};
  BOOST_TEST(absl::IsCancelled(open.client->Stream("/stopped", {}, stopping, stop.get_token())));
}

BOOST_AUTO_TEST_CASE(a_dry_run_asks_the_server_to_keep_nothing) {
  Rig rig(Always(201, "{}"));
  BOOST_TEST(rig.client->Create(kube::kPods, kube::Object(), {.dry_run = true}).ok());
  BOOST_TEST(rig.server.requests().at(0).target == "/api/v1/pods?dryRun=All");
}

BOOST_AUTO_TEST_CASE(redirects_are_not_followed) {
  Rig rig(Always(302, "", "Location: http://127.0.0.1:1/\r\n"));
  BOOST_TEST(!rig.client->GetRaw("/version", {}).ok());
  BOOST_TEST(rig.server.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(list_walks_all_pages_and_returns_the_last_version) {
  Rig rig([](const ScriptedRequest& request, ScriptedConnection& connection) {
    const bool first = request.target.find("continue") == std::string::npos;
    connection.Answer(200, first ? Page({"a", "b"}, "7", "next/2") : Page({"c"}, "7"));
    return true;
  });
  std::string names;
  const auto version = rig.client->List(
      kube::kPods, {.ns = "shop", .resource_version = "5", .page_size = 2}, [&](Object pod) {
        names += pod.name();
        BOOST_TEST(pod.kind() == "Pod");
        BOOST_TEST(pod.api_version() == "v1");
      });
  BOOST_TEST_REQUIRE(version.ok(), Message(version.status()));
  BOOST_TEST(*version == "7");
  BOOST_TEST(names == "abc");
  BOOST_TEST(rig.server.requests().at(0).target ==
             "/api/v1/namespaces/shop/pods?limit=2&resourceVersion=5&"
             "resourceVersionMatch=NotOlderThan");
  BOOST_TEST(rig.server.requests().at(1).target ==
             "/api/v1/namespaces/shop/pods?limit=2&continue=next%2F2");
}

BOOST_AUTO_TEST_CASE(an_expired_continue_token_is_gone) {
  Rig rig([](const ScriptedRequest& request, ScriptedConnection& connection) {
    const bool first = request.target.find("continue") == std::string::npos;
    if (first) connection.Answer(200, Page({"a"}, "7", "x"));
    if (!first) connection.Answer(410, StatusBody(410, "Expired", "too old"));
    return true;
  });
  const auto version = rig.client->List(kube::kPods, {}, [](Object) {});
  BOOST_TEST(kube::IsGone(version.status()));
}

BOOST_AUTO_TEST_CASE(watch_yields_events_however_the_bytes_are_cut) {
  const std::string text = Event("ADDED", "a", "1") + Event("MODIFIED", "a", "2") + "\n" +
                           Event("SOMETHING_NEW", "a", "3") + Event("DELETED", "a", "4") +
                           Event("BOOKMARK", "", "5");
  Rig rig([text](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    for (size_t at = 0; at < text.size(); at += 7) connection.Chunk(text.substr(at, 7));
    connection.EndChunked();
    return true;
  });
  const auto status = rig.Watch({.ns = "shop", .label_selector = "a=b", .resource_version = "9"});
  BOOST_TEST(status.ok(), Message(status));
  using Type = kube::WatchEvent::Type;
  BOOST_TEST_REQUIRE(rig.seen.size() == 4u);
  BOOST_TEST((rig.seen[0].type == Type::kAdded && rig.seen[1].type == Type::kModified &&
              rig.seen[2].type == Type::kDeleted && rig.seen[3].type == Type::kBookmark));
  BOOST_TEST(rig.seen[3].object.resource_version() == "5");
  BOOST_TEST(rig.server.requests().at(0).target ==
             "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&"
             "labelSelector=a%3Db&resourceVersion=9&timeoutSeconds=300");
}

BOOST_AUTO_TEST_CASE(an_error_event_is_the_result_of_the_watch) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk(Event("ADDED", "a", "1"));
    connection.Chunk(R"({"type":"ERROR","object":)" +
                     StatusBody(410, "Expired", "too old resource version") + "}\n");
    connection.Hang();
    return false;
  });
  const auto status = rig.Watch();
  BOOST_TEST(kube::IsGone(status), Message(status));
  BOOST_TEST(rig.seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_watch_that_is_refused_carries_the_api_error) {
  Rig rig(Always(429, StatusBody(429, "TooManyRequests", "later"), "Retry-After: 3\r\n"));
  const auto status = rig.Watch();
  BOOST_TEST(kube::ApiErrorOf(status).value().code == 429);
  BOOST_TEST(kube::RetryAfter(status).value_or(0) == 3 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_connection_cut_within_a_line_yields_the_whole_lines) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk(Event("ADDED", "a", "1"));
    connection.Chunk(Event("MODIFIED", "a", "2").substr(0, 20));
    return false;
  });
  const auto status = rig.Watch();
  BOOST_TEST((status.code() == absl::StatusCode::kUnavailable), Message(status));
  BOOST_TEST(rig.seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_event_ends_the_watch) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk("{\"type\":\"ADDED\",\n");
    connection.Hang();
    return false;
  });
  BOOST_TEST((rig.Watch().code() == absl::StatusCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(a_silent_server_counts_as_gone) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk(Event("ADDED", "a", "1"));
    connection.Hang();
    return false;
  });
  kube::HttpKubeClientOptions options;
  options.watch_silence = 300 * base::kMillisecond;
  rig.Connect(options);
  const auto status = rig.Watch();
  BOOST_TEST((status.code() == absl::StatusCode::kUnavailable), Message(status));
  BOOST_TEST(rig.seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(stop_ends_a_quiet_watch_at_once) {
  absl::Notification begun;
  Rig rig([&begun](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk(Event("ADDED", "a", "1"));
    begun.Notify();
    connection.Hang();
    return false;
  });
  Status status = absl::UnknownError("");
  std::thread watcher([&] { status = rig.Watch(); });
  BOOST_TEST(fakes::Notified(begun));
  const base::Nanos asked = rig.clock.Monotonic();
  rig.stop.request_stop();
  watcher.join();
  BOOST_TEST(status.ok(), Message(status));
  BOOST_TEST(rig.clock.Monotonic() - asked < base::kSecond);
}

BOOST_AUTO_TEST_CASE(an_event_of_many_megabytes_arrives_and_one_over_the_limit_ends_the_watch) {
  Rig rig([](const ScriptedRequest&, ScriptedConnection& connection) {
    connection.BeginChunked();
    connection.Chunk(Event("ADDED", std::string(3 << 20, 'x'), "1"));
    connection.Chunk(Event("ADDED", std::string(5 << 20, 'x'), "2"));
    connection.Hang();
    return false;
  });
  kube::HttpKubeClientOptions options;
  options.watch_line_bytes_max = 4 << 20;
  rig.Connect(options);
  const auto status = rig.Watch();
  BOOST_TEST((status.code() == absl::StatusCode::kResourceExhausted), Message(status));
  BOOST_TEST_REQUIRE(rig.seen.size() == 1u);
  BOOST_TEST(rig.seen[0].object.name().size() == size_t{3} << 20);
}

BOOST_AUTO_TEST_CASE(apply_patches_with_its_field_manager) {
  Rig rig(Always(200, R"({"kind":"EnvoyFilter","metadata":{"resourceVersion":"8"}})"));
  const Object filter(Json{{"apiVersion", "networking.istio.io/v1alpha3"},
                           {"kind", "EnvoyFilter"},
                           {"metadata", {{"name", "tap"}, {"namespace", "shop"}}}});
  const auto applied = rig.client->Apply(kube::kEnvoyFilters, filter,
                                         {.field_manager = "traffictap", .force = true});
  BOOST_TEST_REQUIRE(applied.ok(), Message(applied.status()));
  BOOST_TEST(applied->resource_version() == "8");
  const auto request = rig.server.requests().at(0);
  BOOST_TEST(request.method == "PATCH");
  BOOST_TEST(request.target ==
             "/apis/networking.istio.io/v1alpha3/namespaces/shop/envoyfilters/tap?"
             "fieldManager=traffictap&force=true");
  BOOST_TEST(request.headers.at("content-type") == "application/apply-patch+yaml");
  BOOST_TEST(Json::parse(request.body) == filter.value());
}

BOOST_AUTO_TEST_CASE(delete_sends_its_preconditions) {
  Rig rig(Always(200, "{}"));
  const auto status = rig.client->Delete(kube::kEnvoyFilters, {"shop", "tap"},
                                         {.uid = "u-1", .resource_version = "8"});
  BOOST_TEST(status.ok(), Message(status));
  const Json body = Json::parse(rig.server.requests().at(0).body);
  BOOST_TEST(body["preconditions"]["uid"] == "u-1");
  BOOST_TEST(body["preconditions"]["resourceVersion"] == "8");
}

BOOST_AUTO_TEST_CASE(writes_wait_for_our_own_limit_and_reads_and_leases_do_not) {
  Rig rig(Always(200, "{}"));
  kube::HttpKubeClientOptions options;
  options.writes_per_second = 0.01;
  options.write_burst = 1;
  rig.Connect(options);
  const Object pod(Json{{"metadata", {{"name", "a"}, {"namespace", "b"}}}});
  BOOST_TEST(rig.client->Update(kube::kPods, pod, {}).ok());
  const auto refused = rig.client->Update(kube::kPods, pod, {});
  BOOST_TEST((refused.status().code() == absl::StatusCode::kDeadlineExceeded));
  BOOST_TEST(rig.client->Update(kube::kLeases, pod, {}).ok());
  BOOST_TEST(rig.client->Get(kube::kPods, {"b", "a"}, {}).ok());
  BOOST_TEST(rig.server.requests().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_write_that_gives_way_is_not_sent_where_it_would_wait) {
  Rig rig(Always(200, "{}"));
  kube::HttpKubeClientOptions options;
  options.writes_per_second = 0.01;
  options.write_burst = 2;
  rig.Connect(options);
  const Object pod(Json{{"metadata", {{"name", "a"}, {"namespace", "b"}}}});
  const kube::ApplyOptions yielding{.field_manager = "m", .gives_way = true};
  BOOST_TEST(rig.client->Apply(kube::kPods, pod, yielding).ok());
  BOOST_TEST(rig.client->Update(kube::kPods, pod, {}).ok());
  const auto refused = rig.client->Apply(kube::kPods, pod, yielding);
  BOOST_TEST((refused.status().code() == absl::StatusCode::kResourceExhausted));
  BOOST_TEST(rig.server.requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(calls_are_counted_by_verb_resource_and_code) {
  Rig rig(Always(404, StatusBody(404, "NotFound", "no pod")));
  BOOST_TEST(kube::IsNotFound(rig.client->Get(kube::kPods, {"b", "a"}, {}).status()));
  base::MetricsRegistry registry;
  registry.Register([&](base::MetricWriter& writer) { rig.client->WriteMetrics(writer); });
  BOOST_TEST(registry.Render().find("traffictap_kube_requests_total{code=\"404\",resource=\"pods\","
                                    "verb=\"get\"} 1") != std::string::npos,
             registry.Render());
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_used_is_told_at_the_start) {
  base::SystemClock clock;
  for (const char* server : {"", "ftp://x", "10.0.0.1:6443", "https://"}) {
    kube::HttpKubeClientOptions options;
    options.access.server = server;
    const auto made = kube::HttpKubeClient::Make(options, &clock);
    BOOST_TEST((made.status().code() == absl::StatusCode::kInvalidArgument), server);
  }
  kube::HttpKubeClientOptions options;
  options.access.server = "https://10.0.0.1:6443";
  options.access.client_certificate_pem = "no PEM";
  const auto made = kube::HttpKubeClient::Make(options, &clock);
  BOOST_TEST((made.status().code() == absl::StatusCode::kInvalidArgument));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
