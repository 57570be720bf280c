// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_name.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(nearest_name)

BOOST_AUTO_TEST_CASE(the_name_with_the_fewest_letters_to_change_is_offered) {
  BOOST_TEST(base::NearestName("chekout", {"cart", "checkout", "check"}) == "checkout");
}

BOOST_AUTO_TEST_CASE(nothing_is_offered_that_is_far_off) {
  BOOST_TEST(base::NearestName("db", {"checkout", "frontend"}) == "");
  BOOST_TEST(base::NearestName(std::string(65, 'a'), {std::string(64, 'a')}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
