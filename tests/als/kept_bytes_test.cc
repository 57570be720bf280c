// SPDX-License-Identifier: Apache-2.0
#include "als/kept_bytes.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

using als::KeptBytes;

constexpr size_t kMuch = KeptBytes::kMuchBytes;
constexpr base::Nanos kEvery = KeptBytes::kSubsideEvery;

struct Fixture {
  KeptBytes kept{4 * kMuch};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kept_bytes, Fixture)

BOOST_AUTO_TEST_CASE(takes_no_more_than_its_bound) {
  BOOST_TEST(kept.Take(4 * kMuch));
  BOOST_TEST(!kept.Take(1));
  BOOST_TEST(kept.held() == 4 * kMuch);
  kept.Give(1);
  BOOST_TEST(kept.Take(1));
}

BOOST_AUTO_TEST_CASE(has_subsided_once_after_much_was_held) {
  BOOST_TEST(!kept.HasSubsided(0));
  kept.Take(kMuch);
  BOOST_TEST(!kept.HasSubsided(1));
  kept.Give(kMuch / 2);
  BOOST_TEST(!kept.HasSubsided(2));
  kept.Give(kMuch / 2 - kMuch / 8);
  BOOST_TEST(kept.HasSubsided(3));
  BOOST_TEST(!kept.HasSubsided(3 + 2 * kEvery));
}

BOOST_AUTO_TEST_CASE(has_not_subsided_where_little_was_held) {
  kept.Take(kMuch - 1);
  BOOST_TEST(!kept.HasSubsided(0));
  kept.Give(kMuch - 1);
  BOOST_TEST(!kept.HasSubsided(1));
}

BOOST_AUTO_TEST_CASE(the_next_time_comes_after_a_while) {
  for (const base::Nanos begin : {base::Nanos{0}, kEvery - 10}) {
    kept.Take(kMuch);
    BOOST_TEST(!kept.HasSubsided(begin));
    kept.Give(kMuch);
    BOOST_TEST(kept.HasSubsided(begin + 1) == (begin == 0));
  }
  BOOST_TEST(!kept.HasSubsided(kEvery));
  BOOST_TEST(kept.HasSubsided(kEvery + 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
