// SPDX-License-Identifier: Apache-2.0
#include "base/bounded_queue.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace traffictap {
namespace {

using base::BoundedQueue;

constexpr base::Nanos kLong = 60 * base::kSecond;

}  // namespace

BOOST_AUTO_TEST_SUITE(bounded_queue)

BOOST_AUTO_TEST_CASE(gives_back_what_was_pushed_oldest_first) {
  BoundedQueue<std::string> queue(100);
  BOOST_TEST(queue.TryPush("a", 1));
  BOOST_TEST(queue.TryPush("b", 2));
  BOOST_TEST(queue.bytes() == 3);
  BOOST_TEST(queue.PopAll(0) == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST(queue.bytes() == 0);
}

BOOST_AUTO_TEST_CASE(who_lingers_takes_what_comes_meanwhile_too) {
  BoundedQueue<int> queue(1000);
  BOOST_TEST(queue.TryPush(1, 1));
  std::jthread pusher([&queue] { queue.TryPush(2, 99); });
  // However late the second one comes: it is what ends the wait.
  BOOST_TEST(queue.PopAll(0, kLong, 100) == (std::vector<int>{1, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nobody_lingers_for_nothing_or_beyond_a_quarter_of_the_bound_or_the_end) {
  BoundedQueue<int> queue(40);
  BOOST_TEST(queue.PopAll(0, kLong, 100).empty());
  BOOST_TEST(queue.TryPush(1, 10));
  BOOST_TEST(queue.PopAll(0, kLong, 100).size() == 1u);
  BOOST_TEST(queue.TryPush(2, 1));
  queue.Close();
  BOOST_TEST(queue.PopAll(0, kLong, 100).size() == 1u);
}

BOOST_AUTO_TEST_CASE(is_full_exactly_at_its_bound) {
  BoundedQueue<int> queue(10);
  BOOST_TEST(queue.TryPush(1, 4));
  BOOST_TEST(queue.TryPush(2, 6));
  BOOST_TEST(!queue.TryPush(3, 1));
  queue.PopAll(0);
  BOOST_TEST(queue.TryPush(3, 1));
}

BOOST_AUTO_TEST_CASE(leaves_a_refused_item_with_its_owner) {
  BoundedQueue<std::unique_ptr<int>> queue(10);
  queue.TryPush(std::make_unique<int>(1), 10);
  auto item = std::make_unique<int>(2);
  BOOST_TEST(!queue.TryPush(std::move(item), 1));
  BOOST_REQUIRE(item != nullptr);
  BOOST_TEST(*item == 2);
}

BOOST_AUTO_TEST_CASE(takes_an_item_larger_than_itself_when_empty) {
  BoundedQueue<int> queue(10);
  BOOST_TEST(queue.TryPush(1, 1000));
  BOOST_TEST(!queue.TryPush(2, 1));
  BOOST_TEST(queue.PopAll(0).size() == 1);
}

BOOST_AUTO_TEST_CASE(returns_empty_after_the_time_out) {
  BoundedQueue<int> queue(10);
  BOOST_TEST(queue.PopAll(base::kMillisecond).empty());
}

BOOST_AUTO_TEST_CASE(wakes_the_waiting_thread_when_an_item_comes) {
  BoundedQueue<int> queue(10);
  std::thread pusher([&] { queue.TryPush(7, 1); });
  BOOST_TEST(queue.PopAll(kLong) == std::vector<int>{7}, boost::test_tools::per_element());
  pusher.join();
}

BOOST_AUTO_TEST_CASE(wakes_the_waiting_thread_when_closed) {
  BoundedQueue<int> queue(10);
  std::thread closer([&] { queue.Close(); });
  BOOST_TEST(queue.PopAll(kLong).empty());
  closer.join();
  BOOST_TEST(queue.closed());
}

BOOST_AUTO_TEST_CASE(refuses_pushes_after_close_but_gives_out_what_waits) {
  BoundedQueue<int> queue(10);
  queue.TryPush(1, 1);
  queue.Close();
  BOOST_TEST(!queue.TryPush(2, 1));
  BOOST_TEST(queue.PopAll(kLong).size() == 1);
  BOOST_TEST(queue.PopAll(kLong).empty());
}

BOOST_AUTO_TEST_CASE(keeps_each_pushing_threads_order_and_loses_nothing) {
  constexpr int kThreads = 4;
  constexpr int kItems = 2000;
  BoundedQueue<std::pair<int, int>> queue(1 << 20);
  std::vector<std::thread> pushers;
  for (int thread = 0; thread < kThreads; ++thread) {
    pushers.emplace_back([&queue, thread] {
      for (int i = 0; i < kItems; ++i) queue.TryPush({thread, i}, 1);
    });
  }
  std::vector<int> next(kThreads, 0);
  int taken = 0;
  bool in_order = true;
  while (taken < kThreads * kItems) {
    const auto items = queue.PopAll(kLong);
    if (items.empty()) break;
    for (const auto& [thread, i] : items) {
      in_order = in_order && next[static_cast<size_t>(thread)]++ == i;
      ++taken;
    }
  }
  for (auto& pusher : pushers) pusher.join();
  BOOST_TEST(in_order);
  BOOST_TEST(taken == kThreads * kItems);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
