// SPDX-License-Identifier: Apache-2.0
#include "web/site_guard.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace web {
namespace {

bool Refuses(std::multimap<std::string, std::string> headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return RefuseForeign(request).has_value();
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
