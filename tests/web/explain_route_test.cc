// SPDX-License-Identifier: Apache-2.0
#include "web/explain_route.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"
#include "observe/token_authorizer.h"

namespace traffictap {
namespace {

struct Fixture {
  observe::TokenAuthorizer authorizer{"good"};
  web::Route route = web::ExplainRoute(&authorizer);

  web::HttpResponse Ask(std::optional<std::string> posted, const std::string& token = "good") {
    web::HttpRequest request;
    request.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer " + token}};
    request.posted = std::move(posted);
    web::HttpResponse out;
    route(request, [&out](web::HttpResponse answer) { out = std::move(answer); });
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(explain_route, Fixture)

BOOST_AUTO_TEST_CASE(a_posted_record_is_explained) {
  BOOST_TEST(route.takes_bodies());
  const auto answer = Ask(
      R"({"verdict":"ServerError","request":{},"destination":{"name":"cart"},"client":{"durationMs":2},)"
      R"("server":[{"code":500,"flags":["UT"]}]})");
  BOOST_REQUIRE(answer.code == 200);
  const auto json = nlohmann::json::parse(answer.body);
  BOOST_TEST(json["cause"].get<std::string>().starts_with("cart answered 500."));
  BOOST_TEST(json["flags"][0]["flag"] == "UT");
  BOOST_TEST(json["lanes"][0]["side"] == "client");
  BOOST_TEST(json["lanes"][0]["phases"][0]["endMs"] == 2.0);
}

BOOST_AUTO_TEST_CASE(without_a_record_it_tells_all_words) {
  const auto json = nlohmann::json::parse(Ask(std::nullopt).body);
  BOOST_TEST(json["flags"].contains("UF"));
  BOOST_TEST(json["verdicts"].size() == 7);
  BOOST_TEST(json["orphanReasons"].contains("PeerNotMeshed"));
}

BOOST_AUTO_TEST_CASE(what_is_no_record_and_who_has_no_token_is_refused) {
  BOOST_TEST(Ask("{").code == 400);
  BOOST_TEST(Ask("").code == 400);
  BOOST_TEST(Ask(std::nullopt, "bad").code == 401);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
