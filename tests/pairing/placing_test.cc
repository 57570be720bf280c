// SPDX-License-Identifier: Apache-2.0
#include "pairing/placing.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {

using pairing::Placing;

namespace {

constexpr size_t kPlaces = 1024;

// How many of 1,000 keys, `step` apart, meet in the place that has the most.
size_t MostInOnePlace(uint64_t step, uint64_t secret) {
  const Placing placing(kPlaces, secret);
  std::vector<size_t> counts(kPlaces);
  for (uint64_t i = 1; i <= 1000; ++i) ++counts.at(placing.Of(i * step));
  return *std::max_element(counts.begin(), counts.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(placing)

BOOST_AUTO_TEST_CASE(keys_that_are_equal_in_their_low_or_their_high_bits_do_not_meet) {
  for (const uint64_t step :
       {uint64_t{1}, uint64_t{kPlaces}, uint64_t{1} << 32, uint64_t{1} << 54}) {
    BOOST_TEST(MostInOnePlace(step, 0x9e3779b97f4a7c15ULL) < 20u);
  }
}

BOOST_AUTO_TEST_CASE(which_keys_meet_depends_on_the_secret) {
  const Placing one(kPlaces, 0x9e3779b97f4a7c15ULL);
  const Placing other(kPlaces, 0xd6e8feb86659fd93ULL);
  std::vector<uint64_t> meeting;  // in the first place of one
  for (uint64_t key = 1; meeting.size() < 100; ++key) {
    if (one.Of(key) == 0) meeting.push_back(key);
  }
  const size_t first = other.Of(meeting.front());
  const auto still = std::count_if(meeting.begin(), meeting.end(),
                                   [&](uint64_t key) { return other.Of(key) == first; });
  BOOST_TEST(still < 20);
}

BOOST_AUTO_TEST_CASE(the_secret_is_odd_and_stays) {
  BOOST_TEST(pairing::Secret() % 2 == 1u);
  BOOST_TEST(pairing::Secret() == pairing::Secret());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
