// SPDX-License-Identifier: Apache-2.0
#include "web/site_guard.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"
#include "observe/token_authorizer.h"

namespace traffictap {
namespace web {
namespace {

bool Refuses(std::multimap<std::string, std::string> headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return RefuseForeign(request).has_value();
}

int CodeOf(const Route& route, std::multimap<std::string, std::string> headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  request.peer = "127.0.0.1:5";
  int code = 0;
  route(request, [&code](const HttpResponse& answer) { code = answer.code; });
  return code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(site_guard)

BOOST_AUTO_TEST_CASE(only_names_of_this_machine_are_answered) {
  for (const char* host : {"localhost", "127.0.0.1:80", "127.200.3.4:9090", "[::1]", "[::1]:80"}) {
    BOOST_TEST_CONTEXT(host) { BOOST_TEST(!Refuses({{"host", host}})); }
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
        "localhost:", "localhost:x", "localhost:1234567", "[::2]", "127.evil:80"}) {
    BOOST_TEST_CONTEXT(host) { BOOST_TEST(Refuses({{"host", host}})); }
  }
}

BOOST_AUTO_TEST_CASE(only_our_own_page_may_send_for_a_browser) {
  BOOST_TEST(!Refuses({{"host", "localhost:1"}, {"origin", "http://localhost:1"}}));
  BOOST_TEST(!Refuses({{"host", "localhost:1"}, {"sec-fetch-site", "none"}}));
  BOOST_TEST(Refuses({{"host", "localhost:1"}, {"origin", "http://localhost:2"}}));
  BOOST_TEST(Refuses({{"host", "localhost:1"}, {"origin", "null"}}));
  BOOST_TEST(Refuses({{"host", "localhost:1"}, {"sec-fetch-site", "same-site"}}));
}

BOOST_AUTO_TEST_CASE(a_local_route_hands_on_who_sent_what_it_lets_in) {
  std::string shown;
  const Route route =
      LocalRoute([&shown](const HttpRequest&, const observe::Credentials& credentials,
                          const Route::Respond& respond) {
        shown = credentials.authorization + " " + credentials.peer;
        respond({});
      });
  BOOST_TEST(route.answers_later());
  BOOST_TEST(CodeOf(route, {{"host", "evil.example"}, {"authorization", "x"}}) == 403);
  BOOST_TEST(shown.empty());
  BOOST_TEST(CodeOf(route, {{"host", "localhost"}, {"authorization", "x"}}) == 200);
  BOOST_TEST(shown == "x 127.0.0.1:5");
}

BOOST_AUTO_TEST_CASE(a_route_for_known_callers_refuses_all_others) {
  observe::TokenAuthorizer authorizer("good");
  int calls = 0;
  const Route route =
      KnownRoute(&authorizer, [&calls](const HttpRequest&, const Route::Respond& respond) {
        ++calls;
        respond({});
      });
  BOOST_TEST(CodeOf(route, {{"host", "localhost"}}) == 401);
  BOOST_TEST(CodeOf(route, {{"host", "localhost"}, {"authorization", "Bearer bad"}}) == 401);
  BOOST_TEST(CodeOf(route, {{"host", "evil.example"}, {"authorization", "Bearer good"}}) == 403);
  BOOST_TEST(calls == 0);
  BOOST_TEST(CodeOf(route, {{"host", "localhost"}, {"authorization", "Bearer good"}}) == 200);
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_failure_is_a_kubernetes_status) {
  const auto response = FailureResponse(absl::PermissionDeniedError("not \"yours\"\x80"));
  const auto body = nlohmann::json::parse(response.body);
  BOOST_TEST(response.code == 403);
  BOOST_TEST(body["kind"] == "Status");
  BOOST_TEST(body["reason"] == "Forbidden");
  BOOST_TEST(body["code"] == 403);
  BOOST_TEST(FailureResponse(absl::ResourceExhaustedError("")).code == 429);
  BOOST_TEST(FailureResponse(absl::InternalError("")).code == 500);
}

BOOST_AUTO_TEST_CASE(the_policy_allows_nothing_inline_and_nothing_from_elsewhere) {
  const auto headers = SecurityHeaders();
  const std::string& policy = headers.front().second;
  BOOST_TEST(policy.find("default-src 'none'") == 0u);
  BOOST_TEST(policy.find("unsafe") == std::string::npos);
  BOOST_TEST(policy.find("http") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
