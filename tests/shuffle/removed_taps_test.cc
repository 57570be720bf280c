// SPDX-License-Identifier: Apache-2.0
#include "shuffle/removed_taps.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"

namespace traffictap {

using base::kSecond;
using shuffle::RemovedTaps;

namespace {

tap::TapSpecPtr Tap(const std::string& name, base::Nanos window = 5 * kSecond) {
  auto spec = std::make_shared<tap::TapSpec>();
  spec->ns = "shop";
  spec->name = name;
  spec->pairing.window = window;
  return spec;
}

struct Fixture {
  std::string Names(const std::vector<tap::TapSpecPtr>& wanted = {}) const {
    std::string out;
    for (const auto& tap : removed.With(wanted)) out += tap->name;
    return out;
  }

  fakes::ManualClock clock;
  RemovedTaps removed{&clock};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(removed_taps, Fixture)

BOOST_AUTO_TEST_CASE(what_is_removed_stays_beside_what_is_wanted) {
  removed.Add({Tap("a"), Tap("b"), Tap("c")}, {Tap("b")});
  BOOST_TEST(Names({Tap("b")}) == "bac");
  // It is in force still, and is not removed once more.
  removed.Add({Tap("a"), Tap("b"), Tap("c")}, {});
  BOOST_TEST(Names() == "acb");
}

BOOST_AUTO_TEST_CASE(a_tap_goes_once_its_partitions_are_read_past_its_removal_and_its_window) {
  removed.Add({Tap("a", 20 * kSecond), Tap("b")}, {});
  const base::Nanos at = clock.Wall();
  clock.Advance(RemovedTaps::kLeast);
  BOOST_TEST(!removed.Expire(at + 5 * kSecond - 1));
  BOOST_TEST(removed.Expire(at + 5 * kSecond));
  BOOST_TEST(Names() == "a");
  BOOST_TEST(!removed.Expire(at + 20 * kSecond - 1));
  BOOST_TEST(removed.Expire(at + 20 * kSecond));
  BOOST_TEST(removed.empty());
}

BOOST_AUTO_TEST_CASE(a_tap_stays_until_the_partitions_of_one_that_died_have_another_owner) {
  removed.Add({Tap("a")}, {});
  clock.Advance(RemovedTaps::kLeast - 1);
  BOOST_TEST(!removed.Expire(INT64_MAX));
  clock.Advance(1);
  BOOST_TEST(removed.Expire(INT64_MAX));
}

BOOST_AUTO_TEST_CASE(no_tap_stays_for_longer_than_half_a_minute) {
  removed.Add({Tap("a", 600 * kSecond)}, {});
  clock.Advance(RemovedTaps::kMost - 1);
  BOOST_TEST(!removed.Expire(INT64_MIN));
  clock.Advance(1);
  BOOST_TEST(removed.Expire(INT64_MIN));
  BOOST_TEST(!removed.Expire(INT64_MIN));
}

BOOST_AUTO_TEST_CASE(a_name_that_comes_back_ends_what_was_removed_under_it) {
  removed.Add({Tap("a"), Tap("b")}, {});
  BOOST_TEST(!removed.Forget({Tap("c")}));
  BOOST_TEST(removed.Forget({Tap("c"), Tap("a")}));
  BOOST_TEST(Names() == "b");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
