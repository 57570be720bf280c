// SPDX-License-Identifier: Apache-2.0
#include "pairing/slot_index.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <vector>

namespace traffictap {

using pairing::SlotIndex;

std::vector<uint32_t> All(const SlotIndex& index, uint64_t key) {
  std::vector<uint32_t> out;
  index.Find(key, [&](uint32_t slot) {
    out.push_back(slot);
    return false;
  });
  return out;
}

BOOST_AUTO_TEST_SUITE(slot_index)

BOOST_AUTO_TEST_CASE(nothing_is_found_in_an_empty_index_or_under_key_zero) {
  SlotIndex index;
  BOOST_TEST(index.Find(5, [](uint32_t) { return true; }) == SlotIndex::kNone);
  index.Add(0, 0);
  BOOST_TEST(All(index, 0).empty());
  index.Remove(0);
  index.Add(0, 9);
  BOOST_TEST(All(index, 9) == std::vector<uint32_t>{0});
}

BOOST_AUTO_TEST_CASE(the_first_hit_in_the_order_of_adding_ends_the_search) {
  SlotIndex index;
  for (const uint32_t slot : {7u, 3u, 5u}) index.Add(slot, 1);
  BOOST_TEST(index.Find(1, [](uint32_t slot) { return slot < 7; }) == 3u);
}

// Few keys, many of them in one chain, through several growths.
BOOST_AUTO_TEST_CASE(it_agrees_with_a_map_of_lists) {
  std::mt19937 random(11);
  SlotIndex index;
  std::map<uint64_t, std::vector<uint32_t>> model;
  std::map<uint32_t, uint64_t> used;
  for (int i = 0; i < 30'000; ++i) {
    const uint32_t slot = random() % 600;
    const auto found = used.find(slot);
    if (found == used.end()) {
      const uint64_t key = 1 + (random() % 40) * (random() % 2 == 0 ? 1 : 4096);
      index.Add(slot, key);
      model[key].push_back(slot);
      used[slot] = key;
    } else {
      index.Remove(slot);
      std::erase(model[found->second], slot);
      used.erase(found);
    }
    const uint64_t key = 1 + (random() % 40) * 4096;
    BOOST_REQUIRE(All(index, key) == model[key]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
