// SPDX-License-Identifier: Apache-2.0
#include "kube/rate_limiter.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(rate_limiter)

BOOST_AUTO_TEST_CASE(a_burst_is_free_and_then_each_waits_its_turn) {
  fakes::ManualClock clock;
  kube::RateLimiter limiter(10, 3, &clock);
  for (int i = 0; i < 3; ++i) BOOST_TEST(limiter.Take(base::kSecond).value_or(-1) == 0);
  BOOST_TEST(limiter.Take(base::kSecond).value_or(-1) == 100 * base::kMillisecond);
  BOOST_TEST(limiter.Take(base::kSecond).value_or(-1) == 200 * base::kMillisecond);
}

BOOST_AUTO_TEST_CASE(one_who_would_wait_too_long_takes_nothing) {
  fakes::ManualClock clock;
  kube::RateLimiter limiter(10, 1, &clock);
  BOOST_TEST(limiter.Take(0).has_value());
  for (int i = 0; i < 5; ++i) BOOST_TEST(!limiter.Take(99 * base::kMillisecond).has_value());
  BOOST_TEST(limiter.Take(base::kSecond).value_or(-1) == 100 * base::kMillisecond);
}

BOOST_AUTO_TEST_CASE(the_bucket_fills_again_but_not_over_its_burst) {
  fakes::ManualClock clock;
  kube::RateLimiter limiter(10, 2, &clock);
  clock.Advance(3600 * base::kSecond);
  BOOST_TEST(limiter.Take(0).has_value());
  BOOST_TEST(limiter.Take(0).has_value());
  BOOST_TEST(!limiter.Take(0).has_value());
  clock.Advance(100 * base::kMillisecond);
  BOOST_TEST(limiter.Take(0).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
