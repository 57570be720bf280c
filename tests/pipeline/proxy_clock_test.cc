// SPDX-License-Identifier: Apache-2.0
#include "pipeline/proxy_clock.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using base::kSecond;
using pipeline::ProxyClock;

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy_clock)

BOOST_AUTO_TEST_CASE(is_not_known_before_the_first_entry) { BOOST_TEST(!ProxyClock().ToOurs(1)); }

BOOST_AUTO_TEST_CASE(the_least_distance_is_the_best_known) {
  ProxyClock clock;
  clock.Observe(100 * kSecond, 203 * kSecond);
  BOOST_TEST(*clock.ToOurs(50 * kSecond) == 153 * kSecond);
  clock.Observe(110 * kSecond, 211 * kSecond);
  BOOST_TEST(*clock.ToOurs(50 * kSecond) == 151 * kSecond);
  clock.Observe(111 * kSecond, 218 * kSecond);
  BOOST_TEST(*clock.ToOurs(50 * kSecond) == 151 * kSecond);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_ahead_is_known_as_well) {
  ProxyClock clock;
  clock.Observe(200 * kSecond, 150 * kSecond);
  BOOST_TEST(*clock.ToOurs(200 * kSecond) == 150 * kSecond);
}

BOOST_AUTO_TEST_CASE(what_was_known_holds_through_a_silence) {
  ProxyClock clock;
  clock.Observe(100 * kSecond, 100 * kSecond);
  const base::Nanos later = 100 * kSecond + 20 * ProxyClock::kSpan;
  clock.Observe(later - 500 * kSecond, later);  // it had waited
  BOOST_TEST(*clock.ToOurs(7) == 7);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_is_noticed_within_two_spans) {
  ProxyClock clock;
  clock.Observe(0, 0);
  for (base::Nanos now = 0; now <= 2 * ProxyClock::kSpan; now += ProxyClock::kSpan / 2) {
    clock.Observe(now - 60 * kSecond, now);
  }
  BOOST_TEST(*clock.ToOurs(0) == 60 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
