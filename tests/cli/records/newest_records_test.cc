// SPDX-License-Identifier: Apache-2.0
#include "cli/records/newest_records.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

std::string Line(const std::string& id, const std::string& start) {
  return "{\"id\":\"" + id + "\",\"timings\":{\"startTime\":\"" + start + "\"}}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(newest_records)

BOOST_AUTO_TEST_CASE(those_that_started_last_are_left_in_the_order_of_their_start) {
  cli::NewestRecords newest(2);
  const std::string first = Line("1", "2026-01-31T12:00:00.000000001Z");
  const std::string second = Line("2", "2026-01-31T12:00:00.000000002Z");
  const std::string third = Line("3", "2026-01-31T12:00:01.000000000Z");
  for (const auto& line : {third, first, second}) newest.Add(line);
  BOOST_TEST(newest.Take() == (std::vector<std::string>{second, third}),
             boost::test_tools::per_element());
  BOOST_TEST(newest.Take().empty());
}

BOOST_AUTO_TEST_CASE(what_has_no_start_is_the_oldest_and_equal_ones_stay_as_they_came) {
  cli::NewestRecords newest(2);
  const std::string one = Line("1", "2026-01-31T12:00:00.000000001Z");
  const std::string other = Line("2", "2026-01-31T12:00:00.000000001Z");
  for (const auto& line : {one, std::string("no record"), other}) newest.Add(line);
  BOOST_TEST(newest.Take() == (std::vector<std::string>{one, other}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
