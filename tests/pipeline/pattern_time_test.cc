// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern_time.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"

namespace traffictap {

using pipeline::PatternTime;

struct PatternTimeTest {
  // Tests for `spent` in a record of its own, and whether the last test was let happen.
  bool Spend(PatternTime::Account& account, base::Nanos spent) {
    account.MayTest(1'000'000);
    clock.Advance(spent);
    const bool may = account.MayTest(1);
    account.EndRecord();
    return may;
  }
  bool May(PatternTime::Account& account) {
    const bool may = account.MayTest(1);
    account.EndRecord();
    return may;
  }
  static constexpr base::Nanos kMs = base::kMillisecond;
  fakes::ManualClock clock;
  PatternTime time{&clock, 400 * kMs};
};

BOOST_FIXTURE_TEST_SUITE(pattern_time, PatternTimeTest)

BOOST_AUTO_TEST_CASE(a_tap_alone_has_all_of_it_and_again_in_the_next_second) {
  PatternTime::Account tap(&time, "shop");
  BOOST_TEST(Spend(tap, 399 * kMs));
  BOOST_TEST(!Spend(tap, 2 * kMs));
  BOOST_TEST(!May(tap));
  clock.Advance(600 * kMs);
  BOOST_TEST(May(tap));
}

BOOST_AUTO_TEST_CASE(who_used_up_everything_leaves_the_others_their_share) {
  PatternTime::Account greedy(&time, "greedy");
  PatternTime::Account shop(&time, "shop");
  BOOST_TEST(!Spend(greedy, 500 * kMs));
  BOOST_TEST(!May(greedy));
  BOOST_TEST(May(shop));
  BOOST_TEST(Spend(shop, 199 * kMs));
  BOOST_TEST(!Spend(shop, 2 * kMs));
}

BOOST_AUTO_TEST_CASE(many_taps_of_one_namespace_share_its_part) {
  PatternTime::Account first(&time, "greedy");
  PatternTime::Account second(&time, "greedy");
  PatternTime::Account shop(&time, "shop");
  BOOST_TEST(!Spend(first, 400 * kMs));
  BOOST_TEST(!May(second));  // its namespace has had its part
  BOOST_TEST(May(shop));
  clock.Advance(600 * kMs);
  BOOST_TEST(!Spend(shop, 400 * kMs));
  BOOST_TEST(Spend(first, 99 * kMs));
  BOOST_TEST(!Spend(first, 2 * kMs));  // half of the namespace's
  BOOST_TEST(May(second));
}

BOOST_AUTO_TEST_CASE(a_tap_that_has_gone_has_no_share) {
  PatternTime::Account shop(&time, "shop");
  { PatternTime::Account gone(&time, "gone"); }
  BOOST_TEST(Spend(shop, 399 * kMs));
}

BOOST_AUTO_TEST_CASE(time_between_records_counts_for_nobody) {
  PatternTime::Account tap(&time, "shop");
  BOOST_TEST(May(tap));
  clock.Advance(450 * kMs);
  BOOST_TEST(May(tap));
}

BOOST_AUTO_TEST_CASE(a_record_tells_whether_a_test_was_refused_in_it) {
  PatternTime::Account tap(&time, "shop");
  BOOST_TEST(!tap.EndRecord());
  tap.MayTest(1'000'000);
  clock.Advance(500 * kMs);
  tap.MayTest(1);
  BOOST_TEST(tap.EndRecord());
  BOOST_TEST(!tap.EndRecord());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
