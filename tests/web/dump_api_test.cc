// SPDX-License-Identifier: Apache-2.0
#include "web/dump_api.h"

#include <boost/test/unit_test.hpp>

#include "fakes/captured_log.h"
#include "nlohmann/json.hpp"
#include "web/namespace_authorizer.h"

namespace traffictap {
namespace {

struct Fixture {
  web::NamespaceAuthorizer authorizer;
  std::vector<web::DumpWish> wishes;
  Status answer = absl::OkStatus();
  web::DumpApi api{&authorizer, [this](const web::DumpWish& wish) {
                     wishes.push_back(wish);
                     return answer;
                   }};

  web::HttpResponse Post(const std::string& query, const std::optional<std::string>& body = "",
                         const std::optional<std::string>& ns = "shop",
                         const std::string& authorization = "") {
    web::HttpRequest request;
    request.query = query;
    request.posted = body;
    web::HttpResponse out;
    api.Answer(request, {authorization, "10.0.0.1:5"}, ns,
               [&out](web::HttpResponse response) { out = std::move(response); });
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dump_api, Fixture)

BOOST_AUTO_TEST_CASE(a_posted_object_says_what_is_wanted) {
  const auto answer =
      Post("", R"({"kind":"Dump","spec":{"tap":"checkout","before":"5m","after":"30s"}})");
  BOOST_TEST(answer.code == 201);
  BOOST_REQUIRE(wishes.size() == 1u);
  BOOST_TEST(wishes[0].tap == "shop/checkout");
  BOOST_TEST(wishes[0].trigger.empty());
  BOOST_TEST(wishes[0].before.value() == 300 * base::kSecond);
  BOOST_TEST(wishes[0].after.value() == 30 * base::kSecond);
  const auto json = nlohmann::json::parse(answer.body);
  BOOST_TEST(json["kind"] == "Dump");
  BOOST_TEST(json["metadata"]["name"] == "checkout");
}

BOOST_AUTO_TEST_CASE(a_webhook_says_it_in_the_query_whatever_its_body_is) {
  for (const char* body : {"", "text", "[]", R"({"status":"firing","alerts":[{}]})"}) {
    BOOST_TEST(Post("tap=checkout&trigger=alert", body).code == 201);
  }
  BOOST_REQUIRE(wishes.size() == 4u);
  BOOST_TEST(wishes[3].trigger == "alert");
}

BOOST_AUTO_TEST_CASE(an_alert_that_is_resolved_asks_for_nothing) {
  BOOST_TEST(Post("tap=a&trigger=b", R"({"status":"resolved","alerts":[]})").code == 200);
  BOOST_TEST(wishes.empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_it_cannot_read) {
  BOOST_TEST(Post("").code == 400);
  BOOST_TEST(Post("tap=a&before=soon").code == 400);
  BOOST_TEST(Post("tap=a&colour=red").code == 400);
  BOOST_TEST(Post("tap=bank/a").code == 400);
  BOOST_TEST(Post("", R"({"kind":"Dump"})").code == 400);
  BOOST_TEST(Post("", R"({"kind":"Dump","spec":{"tap":1}})").code == 400);
  BOOST_TEST(Post("tap=a", std::nullopt).code == 400);
  BOOST_TEST(wishes.empty());
}

BOOST_AUTO_TEST_CASE(only_who_may_ask_learns_anything) {
  authorizer.namespaces = {"shop"};
  BOOST_TEST(Post("tap=a", "", "bank").code == 403);
  BOOST_TEST(Post("tap=everywhere", "", std::nullopt).code == 403);
  BOOST_TEST(Post("tap=a", "", "shop", "bad").code == 401);
  BOOST_TEST(Post("tap=shop/a", "", std::nullopt).code == 201);
  BOOST_TEST(wishes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_the_recorder_says_is_the_answer) {
  answer = absl::NotFoundError("no such tap");
  BOOST_TEST(Post("tap=a").code == 404);
  answer = absl::FailedPreconditionError("has no recorder");
  BOOST_TEST(Post("tap=a").code == 409);
}

BOOST_AUTO_TEST_CASE(the_audit_log_has_who_asked_and_nothing_that_could_forge_a_line) {
  fakes::CapturedLog audit("audit");
  BOOST_TEST(Post("tap=a%0Ab&trigger=%22x%22").code == 201);
  answer = absl::FailedPreconditionError("has no recorder");
  BOOST_TEST(Post("", R"({"kind":"Dump","spec":{"tap":"a b\"c\u00e9"}})").code == 409);
  const std::string who = "dump asked for user=\"max\" groups=\"dev,ops\" peer=10.0.0.1:5 ";
  const auto lines = audit.Lines("dump asked for");
  BOOST_TEST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(lines[0] == who + "tap=shop/a?b query=\"tap=a%0Ab&trigger=%22x%22\" result=OK");
  BOOST_TEST(lines[1] == who + "tap=shop/a?b?c?? query=\"\" result=FAILED_PRECONDITION");
}

BOOST_AUTO_TEST_CASE(standalone_it_takes_posts_from_this_machine_alone) {
  const auto route = api.Standalone();
  BOOST_TEST(route.takes_bodies());
  web::HttpRequest request;
  request.query = "tap=shop/a";
  request.posted = "";
  request.headers = {{"host", "evil.example"}};
  int code = 0;
  const auto respond = [&code](const web::HttpResponse& response) { code = response.code; };
  route(request, respond);
  BOOST_TEST(code == 403);
  request.headers = {{"host", "localhost"}};
  route(request, respond);
  BOOST_TEST(code == 201);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
