// SPDX-License-Identifier: Apache-2.0
#include "kafkaclient/oauth_token.h"

#include <boost/test/unit_test.hpp>

#include "absl/strings/escaping.h"

namespace traffictap {
namespace {

constexpr base::Nanos kNow = 1'700'000'000 * base::kSecond;

std::string Jwt(const std::string& claims) {
  std::string encoded;
  absl::WebSafeBase64Escape(claims, &encoded);
  return "eyJhbGciOiJub25lIn0." + encoded + ".";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(oauth_token)

BOOST_AUTO_TEST_CASE(a_jwt_says_whom_it_names_and_when_it_expires) {
  const auto token = kafkaclient::ReadToken(Jwt(R"({"sub":"taps","exp":1700000600.5})"), kNow);
  BOOST_REQUIRE(token.ok());
  BOOST_TEST(token->principal == "taps");
  BOOST_TEST(token->expires == kNow + 600 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_token_that_says_nothing_is_good_for_a_while) {
  for (const std::string& value : {std::string("opaque+/~_-."), std::string("a.b.c"), Jwt("[1]"),
                                   Jwt("{}"), Jwt("{"), Jwt(R"({"sub":1,"exp":"soon"})")}) {
    const auto token = kafkaclient::ReadToken(value, kNow);
    BOOST_REQUIRE_MESSAGE(token.ok(), value);
    BOOST_TEST(token->value == value);
    BOOST_TEST(token->principal == "");
    BOOST_TEST(token->expires == kNow + kafkaclient::kUnknownLife);
  }
}

BOOST_AUTO_TEST_CASE(an_expired_one_is_told_with_its_time) {
  for (const char* claims : {R"({"exp":1700000000})", R"({"exp":-1e300})"}) {
    const auto token = kafkaclient::ReadToken(Jwt(claims), kNow);
    BOOST_TEST(absl::IsUnauthenticated(token.status()), claims);
  }
  const auto token = kafkaclient::ReadToken(Jwt(R"({"exp":1699999999})"), kNow);
  BOOST_TEST(Message(token.status()) == "it expired at 2023-11-14T22:13:19Z: renew it");
  BOOST_TEST(kafkaclient::ReadToken(Jwt(R"({"exp":1e300})"), kNow).ok());
}

BOOST_AUTO_TEST_CASE(what_is_no_token_is_refused_and_not_repeated) {
  for (const char* value : {"", "Bearer abc", "a b", "a\nb", "a\x01b", "pass\"word"}) {
    const auto token = kafkaclient::ReadToken(value, kNow);
    BOOST_TEST(absl::IsFailedPrecondition(token.status()), value);
    BOOST_TEST(Message(token.status()) ==
               "it must be the token alone, in one line, without \"Bearer\" before it");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
