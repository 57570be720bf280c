// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"

namespace traffictap {

using base::Deadline;
using base::kMillisecond;

BOOST_AUTO_TEST_SUITE(deadline)

BOOST_AUTO_TEST_CASE(what_is_left_shrinks_to_nothing_and_no_further) {
  fakes::ManualClock clock;
  const Deadline end(5 * kMillisecond, &clock);
  BOOST_TEST(end.left() == 5 * kMillisecond);
  clock.Advance(2 * kMillisecond);
  BOOST_TEST(end.left() == 3 * kMillisecond);
  clock.Advance(10 * kMillisecond);
  BOOST_TEST(end.left() == 0);
  BOOST_TEST(Deadline(-1, &clock).left() == 0);
}

BOOST_AUTO_TEST_CASE(milliseconds_are_rounded_up_and_fit_an_int) {
  fakes::ManualClock clock;
  BOOST_TEST(Deadline(0, &clock).left_ms() == 0);
  BOOST_TEST(Deadline(1, &clock).left_ms() == 1);
  BOOST_TEST(Deadline(kMillisecond, &clock).left_ms() == 1);
  BOOST_TEST(Deadline(kMillisecond + 1, &clock).left_ms() == 2);
  BOOST_TEST(Deadline(100 * 24 * 3600 * base::kSecond, &clock).left_ms() == 2'147'483'647);
}

BOOST_AUTO_TEST_CASE(without_a_clock_it_is_the_process_s) {
  const Deadline end(3600 * base::kSecond);
  BOOST_TEST(end.left() > 3000 * base::kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
