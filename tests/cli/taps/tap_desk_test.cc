// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_desk.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "fakes/captured_console.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "observe/token_authorizer.h"

namespace traffictap {
namespace {

using kube::Json;
using kube::Object;

constexpr char kToken[] = "0123456789abcdef";
constexpr char kDrains[] = "HTTP connections of 1 proxy drain within 45s";
constexpr char kEndsAt[] = "2026-01-31T12:10:00Z";

Json Condition(const char* type, const char* status, const char* reason) {
  return {{"type", type}, {"status", status}, {"reason", reason}, {"message", "why"}};
}

std::string Text(const Json& json, const std::string& pointer) {
  return Object(json).Text(pointer);
}

// Says of every new tap what the conditions are that it was given.
class Operator {
 public:
  Operator(fakes::FakeKubeClient* client, Json conditions)
      : thread_([client, conditions = std::move(conditions)](const std::stop_token& stop) {
          kube::WatchOptions options;
          options.resource_version = "0";
          const auto on_event = [&](const kube::WatchEvent& event) {
            if (event.type != kube::WatchEvent::Type::kAdded) return;
            Object tap = event.object;
            tap.value()["status"] = {
                {"conditions", conditions}, {"drains", kDrains}, {"endsAt", kEndsAt}};
            client->Seed(kube::kTrafficTaps, tap);
          };
          (void)client->Watch(kube::kTrafficTaps, options, on_event, stop);
        }) {}

 private:
  std::jthread thread_;
};

struct Fixture {
  Fixture() {
    client->Seed(kube::kNamespaces, Object(Json{{"metadata", {{"name", "shop"}}}}));
    client->Seed(kube::kPods,
                 Object(Json{{"metadata", {{"name", "cart"}, {"namespace", "shop"}}}}));
    client->AnswerReviews(kube::kSelfSubjectReviews, [](Object asked) {
      asked.value()["status"]["userInfo"]["username"] = "jane";
      return asked;
    });
    client->AnswerReviews(kube::kSelfSubjectAccessReviews, [this](Object asked) {
      asked.value()["status"]["allowed"] = asked.Text("/spec/resourceAttributes/verb") != forbidden;
      return asked;
    });
    Open(60 * base::kSecond);
  }

  void Open(base::Nanos wait) { desk.emplace(&cluster, &authorizer, &clock, &console, wait); }

  web::HttpResponse Ask(const std::string& path, const std::optional<std::string>& posted,
                        std::map<std::string, std::string> headers = {}) {
    headers.try_emplace("host", "127.0.0.1:80");
    headers.try_emplace("authorization", std::string("Bearer ") + kToken);
    headers.try_emplace("content-type", "application/json");
    web::HttpRequest request;
    request.path = "/api/v1/page/" + path;
    request.headers = {headers.begin(), headers.end()};
    request.posted = posted;
    web::HttpResponse out;
    absl::Notification answered;
    desk->Routes().at(request.path)(request, [&](web::HttpResponse response) {
      out = std::move(response);
      answered.Notify();
    });
    BOOST_REQUIRE(fakes::Notified(answered));
    return out;
  }
  Json Told(const std::string& path, const std::optional<std::string>& posted) {
    const auto answer = Ask(path, posted);
    BOOST_TEST_REQUIRE(answer.code == 200, answer.body);
    return Json::parse(answer.body);
  }
  std::vector<Object> Taps() const { return client->All(kube::kTrafficTaps); }

  const std::shared_ptr<fakes::FakeKubeClient> client = std::make_shared<fakes::FakeKubeClient>();
  cli::Cluster cluster{client, "shop"};
  observe::TokenAuthorizer authorizer{kToken};
  base::SystemClock clock;
  fakes::CapturedConsole console;
  std::string forbidden;
  std::optional<cli::TapDesk> desk;
};

Json Ready() {
  return {Condition("Accepted", "True", "Accepted"), Condition("Programmed", "True", "Programmed"),
          Condition("Ready", "True", "Capturing")};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tap_desk, Fixture)

BOOST_AUTO_TEST_CASE(a_plan_says_what_would_drain_and_leaves_nothing) {
  const Operator plans(client.get(), {Condition("Accepted", "True", "Accepted"),
                                      Condition("Programmed", "False", "PlanOnly")});
  const Json told = Told("plan", R"({"target":"cart"})");
  BOOST_TEST(Text(told, "/status/drains") == kDrains);
  BOOST_TEST(Text(told, "/refusal") == "");
  BOOST_TEST(Taps().empty());
  BOOST_TEST(Told("taps", std::nullopt).at("taps").empty());
}

BOOST_AUTO_TEST_CASE(a_plan_says_why_the_tap_would_never_record) {
  const Operator refuses(client.get(), {Condition("Accepted", "False", "RootNamespace"),
                                        Condition("Programmed", "False", "NotAccepted")});
  BOOST_TEST(Text(Told("plan", "{}"), "/refusal") == "the tap is refused (RootNamespace): why");
}

BOOST_AUTO_TEST_CASE(an_operator_that_is_away_is_told_and_leaves_nothing) {
  Open(base::kMillisecond);
  const auto answer = Ask("plan", "{}");
  BOOST_TEST(answer.code == 500);
  BOOST_TEST(answer.body.find("the operator has not looked at the tap") != std::string::npos);
  BOOST_TEST(Taps().empty());
}

BOOST_AUTO_TEST_CASE(a_tap_is_started_as_the_command_line_does_shown_and_stopped) {
  const Operator runs(client.get(), Ready());
  const std::string key = Text(Told("start", R"({"target":"cart","duration":"90s"})"), "/tap");
  BOOST_REQUIRE(Taps().size() == 1u);
  BOOST_TEST(Taps()[0].key().ToString() == key);
  BOOST_TEST(Taps()[0].label(cli::kTemporaryLabel) == "true");
  BOOST_TEST(Taps()[0].annotation(cli::kUserAnnotation) == "jane");
  BOOST_TEST(Taps()[0].annotation("traffictap.io/plan-only") == "");
  BOOST_TEST(Taps()[0].Text("/spec/limits/duration") == "1m30s");
  Json shown;
  BOOST_TEST(fakes::Eventually([&] {
    shown = Told("taps", std::nullopt).at("taps").at(0);
    return Text(shown, "/ready") == "True";
  }));
  BOOST_TEST(Text(shown, "/tap") == key);
  BOOST_TEST(Text(shown, "/drains") == kDrains);
  BOOST_TEST(Text(shown, "/endsAt") == kEndsAt);
  BOOST_TEST(!shown.at("ended").get<bool>());
  BOOST_TEST(Text(Told("stop", Json{{"tap", key}}.dump()), "/tap") == key);
  BOOST_TEST(Taps().empty());
  BOOST_TEST(Told("taps", std::nullopt).at("taps").empty());
}

BOOST_AUTO_TEST_CASE(what_others_started_is_not_stopped) {
  client->Seed(kube::kTrafficTaps,
               Object(Json{{"metadata", {{"name", "theirs"}, {"namespace", "shop"}}}}));
  BOOST_TEST(Ask("stop", R"({"tap":"shop/theirs"})").code == 404);
  BOOST_TEST(Ask("stop", "no json").code == 400);
  BOOST_TEST(Taps().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_peers_of_any_tap_are_those_of_its_status) {
  const Json peer = {{"namespace", "vault"},   {"kind", "Deployment"},  {"name", "teller"},
                     {"state", "NotAttached"}, {"reason", "NoConsent"}, {"message", "why"}};
  Json status = Json::object();
  status["peers"] = Json::array({peer});
  client->Seed(
      kube::kTrafficTaps,
      Object(Json{{"metadata", {{"name", "theirs"}, {"namespace", "shop"}}}, {"status", status}}));
  client->Seed(kube::kClusterTrafficTaps,
               Object(Json{{"metadata", {{"name", "wide"}}}, {"status", status}}));
  client->Seed(kube::kTrafficTaps,
               Object(Json{{"metadata", {{"name", "alone"}, {"namespace", "shop"}}}}));
  for (const char* form : {R"({"tap":"shop/theirs"})", R"({"tap":"wide"})"}) {
    const Json told = Told("peers", form);
    BOOST_TEST_REQUIRE(told.at("peers").size() == 1u);
    BOOST_TEST((told.at("peers").at(0) == peer));
  }
  BOOST_TEST(Told("peers", R"({"tap":"shop/alone"})").at("peers").is_array());
  BOOST_TEST(Told("peers", R"({"tap":"shop/alone"})").at("peers").empty());
}

BOOST_AUTO_TEST_CASE(with_its_peers_comes_since_when_it_is_there_until_when_and_who_started_it) {
  const Json known = {
      {"name", "jane"}, {"namespace", "shop"}, {"annotations", {{cli::kUserAnnotation, "jane"}}}};
  const Object tap = client->Seed(
      kube::kTrafficTaps, Object(Json{{"metadata", known}, {"status", {{"endsAt", kEndsAt}}}}));
  const Json told = Told("peers", R"({"tap":"shop/jane"})");
  BOOST_TEST(Text(told, "/createdAt") == tap.Text("/metadata/creationTimestamp"));
  BOOST_TEST(Text(told, "/createdAt") != "");
  BOOST_TEST(Text(told, "/endsAt") == kEndsAt);
  BOOST_TEST(Text(told, "/user") == "jane");
  client->Seed(kube::kTrafficTaps,
               Object(Json{{"metadata", {{"name", "theirs"}, {"namespace", "shop"}}}}));
  const Json other = Told("peers", R"({"tap":"shop/theirs"})");
  BOOST_TEST((Text(other, "/endsAt") + Text(other, "/user")) == "");
}

BOOST_AUTO_TEST_CASE(the_peers_of_a_tap_that_is_not_there_or_not_named_are_refused) {
  BOOST_TEST(Ask("peers", R"({"tap":"shop/nobody"})").code == 404);
  BOOST_TEST(Ask("peers", R"({"tap":"shop/"})").code == 400);
  BOOST_TEST(Ask("peers", "{}").code == 400);
  BOOST_TEST(Ask("peers", "no json").code == 400);
}

BOOST_AUTO_TEST_CASE(a_tap_that_somebody_deleted_is_forgotten_and_its_namesake_stays) {
  const std::string key = Text(Told("start", "{}"), "/tap");
  const Object mine = Taps().at(0);
  client->Purge(kube::kTrafficTaps, mine.key());
  client->Seed(kube::kTrafficTaps, Object(Json{{"metadata", mine.value().at("metadata")}}));
  Object another = Taps().at(0);
  BOOST_TEST(another.uid() != mine.uid());
  BOOST_TEST(Told("taps", std::nullopt).at("taps").empty());
  desk->Close();
  BOOST_TEST(Taps().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_deletes_what_was_started_and_answers_no_more) {
  (void)Told("start", "{}");
  (void)Told("start", R"({"target":"cart"})");
  BOOST_TEST(Taps().size() == 2u);
  desk->Close();
  BOOST_TEST(Taps().empty());
  BOOST_TEST(console.said == "");
  BOOST_TEST(Ask("start", "{}").code == 503);
  BOOST_TEST(Taps().empty());
}

BOOST_AUTO_TEST_CASE(a_tap_that_cannot_be_deleted_at_the_end_is_told_of) {
  const std::string key = Text(Told("start", "{}"), "/tap");
  client->Fail("delete", kube::kTrafficTaps, absl::UnavailableError("gone"), 3);
  desk->Close();
  BOOST_TEST(console.said.find("kubectl traffictap stop " + key) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tap_that_cannot_be_stopped_stays_the_pages) {
  const std::string key = Text(Told("start", "{}"), "/tap");
  client->Fail("delete", kube::kTrafficTaps, absl::UnavailableError("gone"), 3);
  const std::string form = Json{{"tap", key}}.dump();
  BOOST_TEST(Ask("stop", form).code == 503);
  BOOST_TEST(Ask("stop", form).code == 200);
}

BOOST_AUTO_TEST_CASE(missing_rights_and_names_are_told_before_anything_is_created) {
  for (const char* path : {"plan", "start"}) {
    forbidden = "create";
    const auto refused = Ask(path, "{}");
    BOOST_TEST(refused.code == 403);
    BOOST_TEST(refused.body.find("user jane may not create traffictaps") != std::string::npos);
    forbidden.clear();
    const auto unknown = Ask(path, R"({"target":"crat"})");
    BOOST_TEST(unknown.code == 404);
    BOOST_TEST(Text(Json::parse(unknown.body), "/message").starts_with("target: "));
    BOOST_TEST(Ask(path, R"({"duration":"1ms"})").code == 400);
  }
  BOOST_TEST(client->writes().empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_done_for_other_sites_nor_without_the_token) {
  for (const char* path : {"plan", "start", "stop", "peers"}) {
    BOOST_TEST(Ask(path, "{}", {{"authorization", "Bearer guessed"}}).code == 401);
    BOOST_TEST(Ask(path, "{}", {{"host", "shop.example"}}).code == 403);
    BOOST_TEST(Ask(path, "{}", {{"origin", "http://shop.example"}}).code == 403);
    BOOST_TEST(Ask(path, "{}", {{"sec-fetch-site", "cross-site"}}).code == 403);
    BOOST_TEST(Ask(path, "{}", {{"content-type", "text/plain"}}).code == 400);
    BOOST_TEST(Ask(path, std::nullopt).code == 400);
  }
  BOOST_TEST(Ask("taps", std::nullopt, {{"authorization", ""}}).code == 401);
  BOOST_TEST(client->writes().empty());
}

BOOST_AUTO_TEST_CASE(only_answers_that_it_announces_itself_in_say_that_taps_can_be_started) {
  const auto header = [&] {
    const web::Route route = desk->Announced([] { return web::HttpResponse{}; });
    std::string out;
    route({}, [&](const web::HttpResponse& response) {
      for (const auto& [name, value] : response.headers) out += name + "=" + value;
    });
    return out;
  };
  BOOST_TEST(header() == "TrafficTap-Desk=shop");
  cluster.ns.clear();
  BOOST_TEST(header() == "TrafficTap-Desk=*");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
