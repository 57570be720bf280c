// SPDX-License-Identifier: Apache-2.0
#include "pairing/recent_keys.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>

namespace traffictap {

using pairing::RecentKeys;

BOOST_AUTO_TEST_SUITE(recent_keys)

BOOST_AUTO_TEST_CASE(the_oldest_of_more_keys_than_fit_is_forgotten) {
  RecentKeys keys(2);
  BOOST_TEST(keys.Insert(11));
  BOOST_TEST(keys.Insert(22));
  BOOST_TEST(!keys.Insert(11));
  BOOST_TEST(keys.Insert(33));
  BOOST_TEST(!keys.Contains(11));
  BOOST_TEST(keys.Contains(22));
  BOOST_TEST(keys.Contains(33));
}

BOOST_AUTO_TEST_CASE(a_key_of_zero_is_remembered_too) {
  RecentKeys keys(4);
  BOOST_TEST(!keys.Contains(0));
  BOOST_TEST(keys.Insert(0));
  BOOST_TEST(keys.Contains(0));
  BOOST_TEST(!keys.Insert(0));
}

BOOST_AUTO_TEST_CASE(room_for_none_still_tells_the_last_one) {
  RecentKeys keys(0);
  BOOST_TEST(keys.Insert(5));
  BOOST_TEST(!keys.Insert(5));
  BOOST_TEST(keys.Insert(6));
  BOOST_TEST(!keys.Contains(5));
}

// Keys that collide in the table's few slots: erasing must not tear a probe sequence apart.
BOOST_AUTO_TEST_CASE(it_agrees_with_a_plain_list_under_colliding_keys) {
  std::mt19937 random(7);
  for (const size_t keys_max : {1u, 3u, 8u, 31u}) {
    RecentKeys keys(keys_max);
    std::deque<uint64_t> model;
    for (int i = 0; i < 20'000; ++i) {
      const uint64_t key = 1 + (random() % 20) * 64 + random() % 3;
      const bool known = std::find(model.begin(), model.end(), key) != model.end();
      BOOST_REQUIRE_EQUAL(keys.Contains(key), known);
      BOOST_REQUIRE_EQUAL(keys.Insert(key), !known);
      if (!known) model.push_back(key);
      if (model.size() > keys_max) model.pop_front();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
