// SPDX-License-Identifier: Apache-2.0
#include "traffic/tap_set.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {
namespace {

using traffic::TapSet;

TapSet Of(const std::vector<size_t>& slots) {
  TapSet out;
  for (const size_t slot : slots) out.Add(slot);
  return out;
}

std::vector<size_t> Slots(const TapSet& set) {
  std::vector<size_t> out;
  set.ForEach([&](size_t slot) { out.push_back(slot); });
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_set)

BOOST_AUTO_TEST_CASE(holds_every_slot_and_visits_them_lowest_first) {
  TapSet set;
  BOOST_TEST(set.empty());
  std::vector<size_t> all;
  for (size_t slot = TapSet::kTapsMax; slot-- > 0;) {
    set.Add(slot);
    all.insert(all.begin(), slot);
  }
  BOOST_CHECK(Slots(set) == all);
}

BOOST_AUTO_TEST_CASE(adds_one_slot_alone) {
  const TapSet set = Of({0, 63, 64, 511});
  BOOST_TEST(set.Contains(64));
  BOOST_TEST(!set.Contains(65));
}

BOOST_AUTO_TEST_CASE(does_the_algebra_of_sets_in_every_word) {
  const TapSet a = Of({1, 100, 500});
  const TapSet b = Of({1, 100, 400});
  BOOST_CHECK((a & b) == Of({1, 100}));
  BOOST_CHECK((a | b) == Of({1, 100, 400, 500}));
  BOOST_CHECK((a - b) == Of({500}));
  BOOST_TEST((a - a).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
