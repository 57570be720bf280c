// SPDX-License-Identifier: Apache-2.0
#include "als/paced_clock.h"

#include <boost/test/unit_test.hpp>

#include "als/stream_turnover.h"
#include "fakes/manual_clock.h"

namespace traffictap {

using als::PacedClock;
using als::StreamTurnover;
using base::kSecond;

BOOST_AUTO_TEST_SUITE(paced_clock)

BOOST_AUTO_TEST_CASE(it_runs_as_the_other_clock_until_a_pace_is_set) {
  fakes::ManualClock clock;
  const PacedClock paced(&clock);
  clock.Advance(100 * kSecond);
  BOOST_TEST(paced.Monotonic() == clock.Monotonic());
  BOOST_TEST(paced.Wall() == clock.Wall());
  BOOST_TEST(paced.pace() == 1);
}

BOOST_AUTO_TEST_CASE(a_pace_holds_from_then_on_and_nothing_jumps) {
  fakes::ManualClock clock;
  PacedClock paced(&clock);
  const base::Nanos start = paced.Monotonic();
  clock.Advance(100 * kSecond);
  paced.SetPace(0.25);
  BOOST_TEST(paced.Monotonic() - start == 100 * kSecond);
  clock.Advance(100 * kSecond);
  BOOST_TEST(paced.Monotonic() - start == 125 * kSecond);
  paced.SetPace(0.5);
  paced.SetPace(0.5);
  BOOST_TEST(paced.Monotonic() - start == 125 * kSecond);
  clock.Advance(100 * kSecond);
  paced.SetPace(1);
  clock.Advance(100 * kSecond);
  BOOST_TEST(paced.Monotonic() - start == 275 * kSecond);
  BOOST_TEST(paced.pace() == 1);
}

// Which is what it is for.
BOOST_AUTO_TEST_CASE(streams_that_grow_old_at_a_quarter_of_the_pace_get_four_times_as_old) {
  fakes::ManualClock clock;
  PacedClock paced(&clock);
  StreamTurnover turnover(900 * kSecond, &paced);
  const base::Nanos end = turnover.NextEnd();
  const base::Nanos age = end - paced.Monotonic();
  paced.SetPace(0.25);
  clock.Advance(4 * age - kSecond);
  BOOST_TEST(!turnover.Due(end));
  clock.Advance(2 * kSecond);
  BOOST_TEST(turnover.Due(end));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
