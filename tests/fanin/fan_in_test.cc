// SPDX-License-Identifier: Apache-2.0
#include "fanin/fan_in.h"

#include <boost/test/unit_test.hpp>

#include "absl/synchronization/notification.h"
#include "base/process_clock.h"
#include "fakes/eventually.h"
#include "fanin/fake_pairer.h"
#include "nlohmann/json.hpp"

namespace traffictap {
namespace fanin {
namespace {

using nlohmann::json;

struct Fixture {
  std::shared_ptr<FakePairer> a = std::make_shared<FakePairer>();
  std::shared_ptr<FakePairer> b = std::make_shared<FakePairer>();
  const ConnectPairer connect = [this](const std::string& address) -> StatusOr<PairerClientPtr> {
    return address == "a:1" ? a : b;
  };
  PairerDirectory directory{{.addresses = {"a:1", "b:1"}}, nullptr, connect, base::ProcessClock()};
  FanIn fan_in{{.readers_max = 1}, &directory, base::ProcessClock()};

  static web::HttpResponse Send(FanIn* to, const web::HttpRequest& request) {
    web::HttpResponse out;
    absl::Notification answered;
    to->Routes().at(request.path)(request, [&](web::HttpResponse response) {
      out = std::move(response);
      answered.Notify();
    });
    BOOST_REQUIRE(fakes::Notified(answered));
    return out;
  }
  web::HttpResponse Ask(const std::string& path, const std::string& query,
                        std::optional<std::string> posted = std::nullopt,
                        const std::string& host = "127.0.0.1:80") {
    web::HttpRequest request;
    request.path = path;
    request.query = query;
    request.headers = {{"host", host}, {"authorization", "Bearer mine"}};
    request.posted = std::move(posted);
    return Send(&fan_in, request);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fan_in, Fixture)

BOOST_AUTO_TEST_CASE(a_stream_asks_each_pairer_for_the_same_with_the_callers_token) {
  const auto answer = Ask("/api/v1/pairs", "follow=true&tap=shop%2Fall&code=5xx");
  BOOST_TEST(answer.code == 200);
  BOOST_REQUIRE(answer.stream);
  for (const auto& pairer : {a, b}) {
    BOOST_REQUIRE(fakes::Eventually([&] { return pairer->open() == 1; }));
    const auto request = pairer->requests().at(0);
    BOOST_TEST(request.target == "/api/v1/pairs?follow=true&tap=shop%2Fall&code=5xx");
    BOOST_TEST(request.authorization == "Bearer mine");
    BOOST_TEST(request.accept == "application/x-ndjson");
  }
  BOOST_TEST(Ask("/api/v1/pairs", "").code == 429);  // readers_max
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  fan_in.Stop();
  BOOST_TEST(Ask("/api/v1/taps", "").code == 503);
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_from_a_position_of_each) {
  const auto answer = Ask("/api/v1/pairs", "follow=true&after=%7Ca%3A1%3Ep%3B1");
  BOOST_REQUIRE(fakes::Eventually([&] { return a->open() == 1 && b->open() == 1; }));
  BOOST_TEST(a->requests().at(0).target == "/api/v1/pairs?follow=true&after=p%3B1");
  BOOST_TEST(b->requests().at(0).target == "/api/v1/pairs?follow=true");
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  BOOST_TEST(Ask("/api/v1/pairs", "after=17").code == 400);
}

BOOST_AUTO_TEST_CASE(taps_and_summaries_are_added_up_and_say_who_is_missing) {
  a->Answer(200, R"({"taps":[{"tap":"shop/all","kept":2}],"records":2})");
  b->Answer(200, R"({"taps":[{"tap":"shop/all","kept":3}],"records":3})");
  BOOST_TEST(json::parse(Ask("/api/v1/taps", "").body)["taps"][0]["kept"] == 5);
  BOOST_TEST(json::parse(Ask("/api/v1/summary", "window=60s").body)["records"] == 5);
  BOOST_TEST(a->requests().back().target == "/api/v1/summary?window=60s&mergeable=true");
  BOOST_TEST(a->requests().back().authorization == "Bearer mine");
  b->SetAway(true);
  const auto partial = json::parse(Ask("/api/v1/summary", "").body);
  BOOST_TEST(a->requests().back().target == "/api/v1/summary?mergeable=true");
  BOOST_TEST(partial["records"] == 2);
  BOOST_TEST(partial["partial"]["missing"][0]["pairer"] == "b:1");
  a->Answer(401, R"({"message":"who?"})");
  const auto refused = Ask("/api/v1/taps", "");
  BOOST_TEST(refused.code == 401);
  BOOST_TEST(refused.body == R"({"message":"who?"})");
}

BOOST_AUTO_TEST_CASE(a_record_is_explained_by_any_of_them) {
  a->SetAway(true);
  b->Answer(200, R"({"cause":"x"})");
  BOOST_TEST(Ask("/api/v1/explain", "", "{\"id\":\"1\"}").body == R"({"cause":"x"})");
  const auto request = b->requests().back();
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.body == "{\"id\":\"1\"}");
  BOOST_TEST(request.content_type == "application/json");
  BOOST_TEST(Ask("/api/v1/explain", "").body == R"({"cause":"x"})");
  BOOST_TEST(b->requests().back().method == "GET");
}

BOOST_AUTO_TEST_CASE(a_dump_is_asked_for_everywhere) {
  a->Answer(200, R"({"kind":"Dump"})");
  b->Answer(201, R"({"kind":"Dump","made":true})");
  const auto answer = Ask("/api/v1/dumps", "tap=shop%2Fall", "");
  BOOST_TEST(answer.code == 201);
  BOOST_TEST(json::parse(answer.body)["made"] == true);
  BOOST_TEST(a->requests().back().target == "/api/v1/dumps?tap=shop%2Fall");
  a->SetAway(true);
  BOOST_TEST(json::parse(Ask("/api/v1/dumps", "", "").body)["partial"]["missing"].size() == 1u);
}

BOOST_AUTO_TEST_CASE(behind_the_api_server_the_user_goes_on_as_it_was_vouched_for) {
  web::LiveScope scope;
  scope.credentials.user = {"max", "7", {"shop-team", "devs"}, {{"a/b", {"x"}}}};
  scope.ns = "shop";
  scope.follow = "watch";
  web::HttpRequest request;
  request.path = "/apis/tap.traffictap.io/v1alpha1/namespaces/shop/pairs";
  request.query = "watch=true&tap=all";
  absl::Notification answered;
  web::HttpResponse answer;
  fan_in.AnswerLive(web::LiveResource::kPairs, request, scope, [&](web::HttpResponse response) {
    answer = std::move(response);
    answered.Notify();
  });
  BOOST_REQUIRE(fakes::Notified(answered));
  BOOST_REQUIRE(fakes::Eventually([&] { return a->open() == 1 && b->open() == 1; }));
  const auto asked = a->requests().at(0);
  BOOST_TEST(asked.target == request.path + "?watch=true&tap=all");
  BOOST_TEST(asked.authorization == "");
  std::string told;
  for (const auto& [name, value] : asked.headers) told += name + "=" + value + " ";
  BOOST_TEST(told ==
             "X-Remote-User=max X-Remote-Uid=7 X-Remote-Group=shop-team X-Remote-Group=devs "
             "X-Remote-Extra-a%2Fb=x ");
  answer.stream->Ended(web::StreamEnd::kReaderGone);
}

BOOST_AUTO_TEST_CASE(files_are_listed_of_all_and_say_who_is_missing) {
  a->Answer(200,
            R"({"tap":"shop/all","collector":"pairer-0","outputs":[{"name":"disk","files":[]}]})");
  b->SetAway(true);
  const auto list = json::parse(Ask("/api/v1/files", "tap=shop%2Fall").body);
  BOOST_TEST(a->requests().back().target == "/api/v1/files?tap=shop%2Fall");
  BOOST_TEST(a->requests().back().authorization == "Bearer mine");
  BOOST_TEST(list["outputs"][0]["collector"] == "pairer-0");
  BOOST_TEST(list["outputs"][0]["pairer"] == "a:1");
  BOOST_TEST(list["partial"]["missing"][0]["pairer"] == "b:1");
  a->Answer(404, R"({"message":"no such tap"})");
  BOOST_TEST(Ask("/api/v1/files", "tap=shop%2Fall").code == 404);
  BOOST_TEST(Ask("/api/v1/files", "tap=%zz").code == 400);
}

BOOST_AUTO_TEST_CASE(a_file_comes_from_its_pairer_alone) {
  const std::string part = "tap=shop%2Fall&output=disk&file=x.jsonl&offset=7&pairer=";
  b->Answer(200, "lines\n");
  const auto answer = Ask("/api/v1/files", part + "b%3A1");
  BOOST_TEST(answer.code == 200);
  BOOST_TEST(answer.content_type == "application/octet-stream");
  std::string taken;
  BOOST_REQUIRE(answer.stream);
  BOOST_CHECK(answer.stream->Pull(&taken) == web::BodySource::Next::kEnd);
  BOOST_TEST(taken == "lines\n");
  BOOST_TEST(b->requests().back().target ==
             "/api/v1/files?tap=shop%2Fall&output=disk&file=x.jsonl&offset=7&limit=8388608");
  BOOST_TEST(b->requests().back().authorization == "Bearer mine");
  BOOST_TEST(a->requests().empty());
  b->SetAway(true);
  BOOST_TEST(Ask("/api/v1/files", part + "b%3A1").code == 503);
  BOOST_TEST(Ask("/api/v1/files", part + "c%3A1").code == 404);
  FanIn full({.files_max = 0}, &directory, base::ProcessClock());
  web::HttpRequest request;
  request.query = part + "a%3A1";
  int code = 0;
  full.AnswerFiles(request, {}, [&](const web::HttpResponse& refused) { code = refused.code; });
  BOOST_TEST(code == 429);
  BOOST_TEST(a->requests().empty());
}

BOOST_AUTO_TEST_CASE(versions_are_those_of_the_pairers_and_their_operator) {
  const auto told = [&] {
    std::string out;
    absl::Notification answered;
    fan_in.TellVersions("0.2.0", {.name = "max"}, [&](const apiserver::ServedVersions& versions) {
      out = versions.collector_version + " " + versions.operator_version;
      answered.Notify();
    });
    BOOST_REQUIRE(fakes::Notified(answered));
    return out;
  };
  a->Answer(200, R"({"trafficTap":{"collectorVersion":"0.2.0"}})");
  b->Answer(200, R"({"trafficTap":{"collectorVersion":"0.2.0","operatorVersion":"0.2.0"}})");
  BOOST_TEST(told() == "0.2.0 0.2.0");
  BOOST_TEST(a->requests().back().target == "/apis/tap.traffictap.io/v1alpha1");
  BOOST_TEST(a->requests().back().headers.at(0).second == "max");
  b->Answer(200, R"({"trafficTap":{"collectorVersion":"0.1.0","operatorVersion":7}})");
  BOOST_TEST(told() == "0.1.0 ");
  for (const auto& pairer : {a, b}) pairer->Answer(200, R"(["no versions"])");
  BOOST_TEST(told() == "0.2.0 ");
  for (const auto& pairer : {a, b}) pairer->SetAway(true);
  BOOST_TEST(told() == "0.2.0 ");
  fan_in.Stop();
  BOOST_TEST(told() == "0.2.0 ");
}

// Its pod is gone for longer than anybody remembers it.
struct WithoutTheThird : Fixture {
  PairerDirectory counted{{}, nullptr, connect, base::ProcessClock(), [] {
                            return ExpectedPairers{{"p-0", "a:1"}, {"p-1", "b:1"}, {"p-2", ""}};
                          }};
  FanIn reader{{}, &counted, base::ProcessClock()};

  WithoutTheThird() { counted.Refresh(); }
  std::string MissingOf(const std::string& path, std::optional<std::string> posted = {}) {
    web::HttpRequest request;
    request.path = path;
    request.headers = {{"host", "127.0.0.1:80"}};
    request.posted = std::move(posted);
    return json::parse(Send(&reader, request).body)["partial"]["missing"].dump();
  }
};

BOOST_FIXTURE_TEST_CASE(a_pairer_that_is_to_be_there_and_is_not_is_missing_in_all_answers,
                        WithoutTheThird) {
  const std::string absent =
      R"([{"pairer":"p-2","reason":"it has no address: its pod does not run"}])";
  a->Answer(200, R"({"tap":"t","collector":"p-0","outputs":[]})");
  b->Answer(200, R"({"tap":"t","collector":"p-1","outputs":[]})");
  for (const char* path : {"/api/v1/files", "/api/v1/taps", "/api/v1/summary"}) {
    BOOST_TEST(MissingOf(path) == absent, path);
  }
  BOOST_TEST(MissingOf("/api/v1/dumps", "") == absent);
  apiserver::ServedVersions versions;
  absl::Notification told;
  reader.TellVersions("0.2.0", {.name = "max"}, [&](const apiserver::ServedVersions& all) {
    versions = all;
    told.Notify();
  });
  BOOST_REQUIRE(fakes::Notified(told));
  BOOST_REQUIRE(versions.missing.size() == 1u);
  BOOST_TEST(versions.missing[0].first == "p-2");
}

BOOST_AUTO_TEST_CASE(strangers_get_nothing) {
  for (const char* path : {"/api/v1/pairs", "/api/v1/taps", "/api/v1/files"}) {
    BOOST_TEST(Ask(path, "", std::nullopt, "shop.example").code == 403);
  }
  BOOST_TEST(a->requests().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
