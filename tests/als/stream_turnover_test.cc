// SPDX-License-Identifier: Apache-2.0
#include "als/stream_turnover.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "fakes/manual_clock.h"

namespace traffictap {

using als::StreamTurnover;
using base::kSecond;

BOOST_AUTO_TEST_SUITE(stream_turnover)

BOOST_AUTO_TEST_CASE(without_an_age_streams_stay_until_everybody_goes) {
  fakes::ManualClock clock;
  StreamTurnover turnover(0, &clock);
  const base::Nanos end = turnover.NextEnd();
  clock.Advance(1'000'000 * kSecond);
  BOOST_TEST(!turnover.Due(end));
  turnover.Everybody();
  BOOST_TEST(turnover.Due(end));
  BOOST_TEST(turnover.Due(turnover.NextEnd()));
}

BOOST_AUTO_TEST_CASE(a_stream_is_due_when_it_has_its_age_and_not_before) {
  fakes::ManualClock clock;
  StreamTurnover turnover(100 * kSecond, &clock);
  const base::Nanos end = turnover.NextEnd();
  clock.Advance(33 * kSecond);
  BOOST_TEST(!turnover.Due(end));
  clock.Advance(67 * kSecond);
  BOOST_TEST(turnover.Due(end));
  BOOST_TEST(!turnover.Due(turnover.NextEnd()));
}

// As after a restart, when all proxies come at once: some two of a thousand in a second.
BOOST_AUTO_TEST_CASE(streams_that_open_at_once_end_apart) {
  fakes::ManualClock clock;
  constexpr base::Nanos kAge = 900 * kSecond;
  StreamTurnover turnover(kAge, &clock);
  std::vector<base::Nanos> ends;
  for (int i = 0; i < 5'000; ++i) ends.push_back(turnover.NextEnd() - clock.Monotonic());
  std::ranges::sort(ends);
  BOOST_TEST(ends.front() >= kAge / 3);
  BOOST_TEST(ends.back() <= kAge);
  for (size_t i = 0; i + 12 < ends.size(); ++i) BOOST_TEST(ends[i + 12] - ends[i] > kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
