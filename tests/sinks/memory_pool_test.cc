// SPDX-License-Identifier: Apache-2.0
#include "sinks/memory_pool.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace traffictap {

using sinks::MemoryAccount;
using sinks::MemoryPool;

struct MemoryPoolTest {
  std::unique_ptr<MemoryAccount> Open(const std::string& tap) { return pool->Open(tap); }
  // Takes all that the account is allowed, in small pieces.
  static size_t Fill(MemoryAccount& account) {
    while (account.TryCharge(10)) {
    }
    return account.bytes();
  }
  std::shared_ptr<MemoryPool> pool = std::make_shared<MemoryPool>(12'000);
};

BOOST_FIXTURE_TEST_SUITE(memory_pool, MemoryPoolTest)

BOOST_AUTO_TEST_CASE(one_output_alone_leaves_room_for_the_others_of_its_tap_and_for_other_taps) {
  const auto first = Open("shop/a");
  BOOST_TEST(Fill(*first) == 4'500u);  // half of what its tap may hold, three quarters of all
  std::vector<std::unique_ptr<MemoryAccount>> others;
  size_t sum = first->bytes();
  for (int i = 0; i < 5; ++i) {
    others.push_back(Open("shop/a"));
    sum += Fill(*others.back());
  }
  BOOST_TEST(sum <= 9'060u);
  BOOST_TEST(pool->bytes() == sum);
  BOOST_TEST(Open("shop/b")->TryCharge(2'000));
}

BOOST_AUTO_TEST_CASE(however_many_are_stuck_a_tap_has_its_part) {
  std::vector<std::unique_ptr<MemoryAccount>> stuck;
  for (int i = 0; i < 50; ++i) stuck.push_back(Open("shop/" + std::to_string(i)));
  const auto well = Open("shop/well");
  for (auto& one : stuck) BOOST_TEST(Fill(*one) > 50u);
  BOOST_TEST(pool->bytes() < pool->bytes_max());
  // Half of it evenly, half of that for its one output.
  for (int i = 0; i < 5; ++i) BOOST_TEST(well->TryCharge(10));
  for (auto& one : stuck) BOOST_TEST(!one->TryCharge(10));
}

BOOST_AUTO_TEST_CASE(one_output_of_a_tap_that_is_stuck_leaves_the_others_their_part) {
  const auto stuck = Open("shop/a");
  const auto well = Open("shop/a");
  Fill(*stuck);
  for (int i = 0; i < 100; ++i) BOOST_TEST(well->TryCharge(10));
}

BOOST_AUTO_TEST_CASE(what_is_given_back_is_there_for_all) {
  const auto a = Open("shop/a");
  auto b = Open("shop/b");
  BOOST_TEST(Fill(*a) > 0u);
  BOOST_TEST(Fill(*b) > 0u);
  a->Release(a->bytes());
  const size_t more = pool->bytes();
  Fill(*b);
  BOOST_TEST(pool->bytes() >= more);
  b.reset();
  BOOST_TEST(pool->bytes() == 0u);
  BOOST_TEST(Fill(*a) == 4'500u);
}

BOOST_AUTO_TEST_CASE(an_empty_account_may_take_all_that_is_free_and_no_more) {
  const auto a = Open("shop/a");
  const auto b = Open("shop/b");
  BOOST_TEST(a->TryCharge(11'000));
  BOOST_TEST(!a->TryCharge(10));
  BOOST_TEST(!b->TryCharge(1'001));
  BOOST_TEST(b->TryCharge(1'000));
}

BOOST_AUTO_TEST_CASE(a_pool_that_nobody_uses_takes_anything) {
  const auto a = Open("shop/a");
  BOOST_TEST(a->TryCharge(100'000));
  BOOST_TEST(!Open("shop/b")->TryCharge(1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
