// SPDX-License-Identifier: Apache-2.0
#include "filter/text_match.h"

#include <re2/re2.h>

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

using namespace filter;  // NOLINT: the names of the unit under test

}  // namespace

BOOST_AUTO_TEST_SUITE(text_match)

BOOST_AUTO_TEST_CASE(a_path_ends_before_its_query_or_fragment) {
  BOOST_TEST(PathOnly("/a/b") == "/a/b");
  BOOST_TEST(PathOnly("/a?b=/c") == "/a");
  BOOST_TEST(PathOnly("/a#b?c") == "/a");
  BOOST_TEST(PathOnly("?") == "");
  BOOST_TEST(PathOnly("") == "");
}

BOOST_AUTO_TEST_CASE(an_authority_matches_itself_in_any_case) {
  BOOST_TEST(MatchesAuthority("cart.shop", "cart.shop"));
  BOOST_TEST(MatchesAuthority("CART.shop", "cart.SHOP"));
  BOOST_TEST(!MatchesAuthority("cart.shop2", "cart.shop"));
  BOOST_TEST(!MatchesAuthority("xcart.shop", "cart.shop"));
  BOOST_TEST(!MatchesAuthority("", "cart.shop"));
}

BOOST_AUTO_TEST_CASE(a_pattern_without_a_port_matches_every_port_and_one_with_a_port_only_its_own) {
  BOOST_TEST(MatchesAuthority("cart.shop:8080", "cart.shop"));
  BOOST_TEST(MatchesAuthority("cart.shop:8080", "cart.shop:8080"));
  BOOST_TEST(!MatchesAuthority("cart.shop:8081", "cart.shop:8080"));
  BOOST_TEST(!MatchesAuthority("cart.shop", "cart.shop:8080"));
}

BOOST_AUTO_TEST_CASE(a_star_stands_for_one_or_more_labels) {
  BOOST_TEST(MatchesAuthority("cart.shop.example", "*.shop.example"));
  BOOST_TEST(MatchesAuthority("a.cart.SHOP.example:80", "*.shop.example"));
  BOOST_TEST(!MatchesAuthority("shop.example", "*.shop.example"));
  BOOST_TEST(!MatchesAuthority(".shop.example", "*.shop.example"));
  BOOST_TEST(!MatchesAuthority("cartshop.example", "*.shop.example"));
}

BOOST_AUTO_TEST_CASE(an_ipv6_authority_keeps_its_colons) {
  BOOST_TEST(MatchesAuthority("[fd00::1]", "[fd00::1]"));
  BOOST_TEST(MatchesAuthority("[fd00::1]:80", "[fd00::1]"));
  BOOST_TEST(!MatchesAuthority("[fd00::1]:80", "[fd00::1]:81"));
  BOOST_TEST(!MatchesAuthority("[fd00::2]", "[fd00::1]"));
}

BOOST_AUTO_TEST_CASE(an_ipv6_pattern_may_lack_its_brackets_or_be_spelled_otherwise) {
  BOOST_TEST(MatchesAuthority("[fd00::1]:80", "fd00::1"));
  BOOST_TEST(MatchesAuthority("[fd00::1]", "FD00::1"));
  BOOST_TEST(MatchesAuthority("[fd00::1]:80", "[fd00:0:0::1]:80"));
  BOOST_TEST(!MatchesAuthority("[fd00::1]:80", "[fd00:0:0::1]:81"));
  BOOST_TEST(!MatchesAuthority("[fd00::1:80]", "fd00::1"));
  BOOST_TEST(!MatchesAuthority("", "fd00::1"));
}

BOOST_AUTO_TEST_CASE(the_dot_that_ends_an_absolute_name_does_not_count) {
  BOOST_TEST(MatchesAuthority("cart.shop.", "cart.shop"));
  BOOST_TEST(MatchesAuthority("cart.shop.:80", "cart.shop"));
  BOOST_TEST(MatchesAuthority("cart.shop", "cart.shop."));
  BOOST_TEST(MatchesAuthority("cart.shop.:80", "*.shop"));
  BOOST_TEST(!MatchesAuthority("cart.shop..", "cart.shop"));
}

BOOST_AUTO_TEST_CASE(a_pattern_must_match_the_whole_text) {
  const auto pattern = CompilePattern("/a/[0-9]+");
  BOOST_REQUIRE(pattern.ok());
  BOOST_TEST(FullMatch(**pattern, "/a/12"));
  BOOST_TEST(!FullMatch(**pattern, "/a/12/b"));
  BOOST_TEST(!FullMatch(**pattern, "x/a/12"));
  BOOST_TEST(!FullMatch(**pattern, std::string("/a/12\0", 6)));
}

BOOST_AUTO_TEST_CASE(a_value_is_the_whole_text_or_its_begin) {
  BOOST_TEST(MatchesValue("/cart", {tap::PathMatchKind::kExact, "/cart"}));
  BOOST_TEST(!MatchesValue("/cart/1", {tap::PathMatchKind::kExact, "/cart"}));
  BOOST_TEST(MatchesValue("/cart/1", {tap::PathMatchKind::kPrefix, "/cart"}));
  BOOST_TEST(!MatchesValue("/car", {tap::PathMatchKind::kPrefix, "/cart"}));
}

BOOST_AUTO_TEST_CASE(a_pattern_that_does_not_compile_or_is_too_large_is_refused) {
  const auto broken = CompilePattern("(");
  BOOST_TEST(absl::IsInvalidArgument(broken.status()));
  BOOST_TEST(Message(broken.status()).find("pattern \"(\"") != std::string::npos);
  BOOST_TEST(absl::IsInvalidArgument(CompilePattern("((a{100}){100}){100}").status()));
  BOOST_TEST(absl::IsInvalidArgument(CompilePattern("(\\pL{100}){10}").status()));
}

BOOST_AUTO_TEST_CASE(without_time_left_nothing_is_tested_and_nothing_matches) {
  struct NoTime final : tap::PatternBudget {
    bool MayTest(size_t steps) override {
      asked += steps;
      return false;
    }
    size_t asked = 0;
  } budget;
  const auto pattern = CompilePattern("/a/[0-9]+");
  BOOST_REQUIRE(pattern.ok());
  BOOST_TEST(!FullMatch(**pattern, "/a/12", &budget));
  BOOST_TEST(budget.asked == 6 * tap::PatternCost(**pattern));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
