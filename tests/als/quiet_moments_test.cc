// SPDX-License-Identifier: Apache-2.0
#include "als/quiet_moments.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

using als::QuietMoments;
constexpr base::Nanos kQuiet = QuietMoments::kQuiet;

BOOST_AUTO_TEST_SUITE(quiet_moments)

BOOST_AUTO_TEST_CASE(nobody_waits_at_first) {
  QuietMoments moments;
  BOOST_TEST(moments.next() == INT64_MAX);
  BOOST_TEST(!moments.Take(INT64_MAX - 1).has_value());
}

BOOST_AUTO_TEST_CASE(each_is_due_in_its_turn_and_once) {
  QuietMoments moments;
  moments.Add(7, {1, 10}, 1'000);
  moments.Add(8, {3, 20}, 2'000);
  BOOST_TEST(moments.next() == 1'000 + kQuiet);
  BOOST_TEST(!moments.Take(999 + kQuiet).has_value());
  const auto first = moments.Take(1'000 + kQuiet);
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(first->connection == 7u);
  BOOST_TEST(first->wait.stream == 1);
  BOOST_TEST(first->wait.chunks == 10u);
  BOOST_TEST(!moments.Take(1'000 + kQuiet).has_value());
  const auto second = moments.Take(2'000 + kQuiet);
  BOOST_REQUIRE(second.has_value());
  BOOST_TEST(second->connection == 8u);
  BOOST_TEST(moments.next() == INT64_MAX);
}

// As where the loop had other work: the proxy may have sent again.
BOOST_AUTO_TEST_CASE(one_that_is_seen_too_late_is_passed_over) {
  QuietMoments moments;
  moments.Add(7, {1, 10}, 0);
  moments.Add(8, {3, 20}, 1);
  const auto seen = moments.Take(kQuiet + QuietMoments::kLate + 1);
  BOOST_REQUIRE(seen.has_value());
  BOOST_TEST(seen->connection == 8u);
  BOOST_TEST(moments.next() == INT64_MAX);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
