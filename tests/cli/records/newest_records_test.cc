// SPDX-License-Identifier: Apache-2.0
#include "cli/records/newest_records.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
BOOST_AUTO_TEST_SUITE(newest_records)

BOOST_AUTO_TEST_CASE(those_that_started_last_are_left_in_the_order_of_their_start) {
  cli::NewestRecords newest(2);
  newest.Add(1'000'000'000, "third");
  newest.Add(1, "first");
  newest.Add(2, "second");
  BOOST_TEST(newest.Take() == (std::vector<std::string>{"second", "third"}),
             boost::test_tools::per_element());
  BOOST_TEST(newest.Take().empty());
}

BOOST_AUTO_TEST_CASE(what_has_no_start_is_the_oldest_and_equal_ones_stay_as_they_came) {
  cli::NewestRecords newest(2);
  newest.Add(1, "one");
  newest.Add(0, "without a start");
  newest.Add(1, "other");
  BOOST_TEST(newest.Take() == (std::vector<std::string>{"one", "other"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
