// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/token_endpoint.h"

#include <boost/test/unit_test.hpp>

#include "fakes/scripted_http_server.h"

namespace traffictap {
namespace {

constexpr base::Nanos kNow = 1'700'000'000 * base::kSecond;

// "CODE message", or the token.
std::string Said(const StatusOr<kafkaclient::OauthToken>& token) {
  if (token.ok()) return token->value;
  return absl::StatusCodeToString(token.status().code()) + " " + Message(token.status());
}

std::string Answered(long code, const std::string& body) {
  return Said(kafkaclient::ReadTokenAnswer(code, body, kNow));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_endpoint)

BOOST_AUTO_TEST_CASE(asks_for_the_clients_own_token) {
  fakes::ScriptedHttpServer server([](const auto&, fakes::ScriptedConnection& connection) {
    connection.Answer(200, R"({"access_token":"abc","token_type":"Bearer","expires_in":60})");
    return true;
  });
  const auto token = kafkaclient::FetchToken(
      {server.url() + "/oauth2/token?tenant=a", "me:id", "s/e+cret", "api://x/.default kafka", ""},
      kNow);
  BOOST_TEST(Said(token) == "abc");
  BOOST_TEST(token->expires == kNow + 60 * base::kSecond);
  const auto request = server.requests().at(0);
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.target == "/oauth2/token?tenant=a");
  BOOST_TEST(request.headers.at("content-type") == "application/x-www-form-urlencoded");
  // me%3Aid:s%2Fe%2Bcret
  BOOST_TEST(request.headers.at("authorization") == "Basic bWUlM0FpZDpzJTJGZSUyQmNyZXQ=");
  BOOST_TEST(request.body ==
             "grant_type=client_credentials&scope=api%3A%2F%2Fx%2F.default%20kafka");
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_not_given_is_not_asked_for) {
  fakes::ScriptedHttpServer server([](const auto&, fakes::ScriptedConnection& connection) {
    connection.Answer(200, R"({"access_token":"abc"})");
    return true;
  });
  const auto token = kafkaclient::FetchToken({server.url(), "id", "secret", "", ""}, kNow);
  BOOST_TEST(token->expires == kNow + kafkaclient::kUnknownLife);
  BOOST_TEST(server.requests().at(0).body == "grant_type=client_credentials");
}

BOOST_AUTO_TEST_CASE(follows_no_redirect_and_reads_no_endless_answer) {
  fakes::ScriptedHttpServer server([](const auto& request, fakes::ScriptedConnection& connection) {
    if (request.target == "/endless") {
      connection.Answer(200, std::string(1 << 20, ' '));
    } else {
      connection.Answer(302, "", "Location: /elsewhere\r\n");
    }
    return true;
  });
  const auto ask = [&](const char* path) {
    return Said(kafkaclient::FetchToken({server.url() + path, "id", "secret", "", ""}, kNow));
  };
  BOOST_TEST(ask("/moved") == "FAILED_PRECONDITION it answers 302; check tokenEndpointUrl");
  BOOST_TEST(server.requests().size() == 1u);
  BOOST_TEST(ask("/endless").starts_with("UNAVAILABLE "));
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_not_there_or_not_trusted_is_told) {
  std::string closed;
  {
    fakes::ScriptedHttpServer server([](const auto&, auto&) { return true; });
    closed = server.url();
  }
  BOOST_TEST(Said(kafkaclient::FetchToken({closed, "id", "secret", "", ""}, kNow))
                 .starts_with("UNAVAILABLE Failed to connect"));
  BOOST_TEST(Said(kafkaclient::FetchToken({"file:///etc/hostname", "id", "secret", "", ""}, kNow))
                 .starts_with("UNAVAILABLE "));
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_in_the_endpoints_words) {
  BOOST_TEST(Answered(401, R"({"error":"invalid_client","error_description":"no\nsuch client"})") ==
             "UNAUTHENTICATED it answers 401: invalid_client: no such client; check clientId, "
             "clientSecret and scope");
  BOOST_TEST(Answered(400, "<html>") ==
             "UNAUTHENTICATED it answers 400; check clientId, clientSecret and scope");
  BOOST_TEST(Answered(503, "") == "UNAVAILABLE it answers 503");
  BOOST_TEST(Answered(429, "[]") == "UNAVAILABLE it answers 429");
  BOOST_TEST(Answered(404, "no") == "FAILED_PRECONDITION it answers 404; check tokenEndpointUrl");
  BOOST_TEST(Answered(400, R"({"error":")" + std::string(5000, 'x') + "\"}").size() < 400u);
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_token_is_told) {
  for (const char* body :
       {"", "{", "[]", "{}", R"({"access_token":1})", R"({"access_token":""})"}) {
    BOOST_TEST(Answered(200, body) ==
                   "FAILED_PRECONDITION its answer has no access_token; check that "
                   "tokenEndpointUrl is a token endpoint",
               body);
  }
  BOOST_TEST(Answered(200, R"({"access_token":"a b"})").starts_with("FAILED_PRECONDITION "));
  BOOST_TEST(Answered(200, R"({"access_token":"ab","expires_in":"x"})") == "ab");
  BOOST_TEST(Answered(200, R"({"access_token":"ab","expires_in":1e300})") == "ab");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
