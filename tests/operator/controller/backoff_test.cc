// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/backoff.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(delays_double_with_jitter_up_to_the_limit) {
  fakes::ManualClock clock;
  controller::Backoff backoff({}, 7, &clock);
  base::Nanos expected = 800 * base::kMillisecond;
  for (int i = 0; i < 10; ++i) {
    const base::Nanos delay = backoff.Next();
    BOOST_TEST(delay >= std::min(expected, 30 * base::kSecond));
    BOOST_TEST(delay <= std::min(2 * expected, 30 * base::kSecond));
    expected *= 2;
  }
}

BOOST_AUTO_TEST_CASE(a_quiet_time_makes_the_delay_small_again) {
  fakes::ManualClock clock;
  controller::Backoff backoff({.jitter = 0}, 7, &clock);
  for (int i = 0; i < 8; ++i) backoff.Next();
  clock.Advance(119 * base::kSecond);
  BOOST_TEST(backoff.Next() == 30 * base::kSecond);
  clock.Advance(121 * base::kSecond);
  BOOST_TEST(backoff.Next() == 800 * base::kMillisecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
