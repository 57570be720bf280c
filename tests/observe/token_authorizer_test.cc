// SPDX-License-Identifier: Apache-2.0
#include "observe/token_authorizer.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace traffictap {
namespace observe {
namespace {

StatusOr<Access> Ask(const std::string& authorization) {
  TokenAuthorizer authorizer("0123456789abcdef");
  StatusOr<Access> out = absl::UnknownError("not called");
  authorizer.Authorize({authorization, "127.0.0.1:1"}, {"shop"},
                       [&](StatusOr<Access> access) { out = std::move(access); });
  return out;
}

std::string TokenFile(const std::string& text, mode_t mode) {
  const auto path = std::filesystem::temp_directory_path() / ("token-" + std::to_string(getpid()));
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
  return path;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_authorizer)

BOOST_AUTO_TEST_CASE(the_token_opens_everything_and_nothing_else_does) {
  const auto access = Ask("Bearer 0123456789abcdef");
  BOOST_REQUIRE(access.ok());
  BOOST_TEST(access->MayRead("shop"));
  BOOST_TEST(access->MayRead(""));
  for (const char* wrong : {"", "Bearer ", "Bearer 0123456789abcdeF", "0123456789abcdef",
                            "Bearer 0123456789abcdef0", "Basic 0123456789abcdef"}) {
    BOOST_TEST((Ask(wrong).status().code() == absl::StatusCode::kUnauthenticated));
  }
}

BOOST_AUTO_TEST_CASE(a_right_to_namespaces_is_none_to_the_cluster) {
  const Access access{.user = "somebody", .namespaces = {"shop"}};
  BOOST_TEST(access.MayRead("shop"));
  BOOST_TEST(!access.MayRead("bank"));
  BOOST_TEST(!access.MayRead(""));
}

BOOST_AUTO_TEST_CASE(made_tokens_are_long_and_differ) {
  const auto one = MakeToken().value();
  BOOST_TEST(one.size() == 43u);
  BOOST_TEST(one != MakeToken().value());
}

BOOST_AUTO_TEST_CASE(a_token_file_is_its_owners_alone_and_long_enough) {
  const auto good = TokenFile("0123456789abcdef\n", 0600);
  BOOST_TEST(ReadTokenFile(good).value() == "0123456789abcdef");
  BOOST_TEST(!ReadTokenFile(TokenFile("0123456789abcdef\n", 0644)).ok());
  BOOST_TEST(!ReadTokenFile(TokenFile("short\n", 0600)).ok());
  std::remove(good.c_str());
  BOOST_TEST(!ReadTokenFile(good).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
