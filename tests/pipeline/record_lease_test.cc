// SPDX-License-Identifier: Apache-2.0
#include "pipeline/record_lease.h"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

namespace traffictap {

using pipeline::RecordLease;
using pipeline::RecordLeases;

namespace {

uint64_t TakeAll(RecordLease& lease) {
  uint64_t out = 0;
  while (lease.Take()) ++out;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_lease)

BOOST_AUTO_TEST_CASE(as_many_are_taken_as_were_granted_in_all) {
  RecordLease lease;
  BOOST_TEST(!lease.Take());
  lease.Grant(10);
  BOOST_TEST(TakeAll(lease) == 10u);
  lease.Grant(15);
  BOOST_TEST(TakeAll(lease) == 5u);
  lease.Grant(15);
  BOOST_TEST(TakeAll(lease) == 0u);
  BOOST_TEST(lease.state().granted == 15u);
  BOOST_TEST(lease.state().taken == 15u);
}

BOOST_AUTO_TEST_CASE(it_asks_when_half_is_taken_until_it_has_more) {
  RecordLease lease;
  lease.Grant(10);
  for (int i = 0; i < 4; ++i) lease.Take();
  BOOST_TEST(!lease.asks());
  lease.Take();
  BOOST_TEST(lease.asks());
  lease.Grant(10);
  BOOST_TEST(lease.state().asks);
  lease.Grant(16);
  BOOST_TEST(!lease.asks());
}

BOOST_AUTO_TEST_CASE(who_finds_nothing_asks) {
  RecordLease lease;
  BOOST_TEST(!lease.asks());
  BOOST_TEST(!lease.Take());
  BOOST_TEST(lease.asks());
}

BOOST_AUTO_TEST_CASE(what_is_taken_is_not_given_back) {
  RecordLease lease;
  lease.Grant(10);
  for (int i = 0; i < 4; ++i) lease.Take();
  lease.Grant(7);
  BOOST_TEST(lease.state().granted == 7u);
  BOOST_TEST(lease.state().taken == 4u);
  lease.Grant(2);
  BOOST_TEST(lease.state().granted == 4u);
  BOOST_TEST(!lease.Take());
  lease.Grant(5);
  BOOST_TEST(TakeAll(lease) == 1u);
}

BOOST_AUTO_TEST_CASE(while_threads_take_and_it_is_granted_more_and_less_none_is_taken_twice) {
  RecordLease lease;
  std::atomic<uint64_t> taken{0};
  std::atomic<bool> ends{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!ends) taken += lease.Take() ? 1 : 0;
      taken += TakeAll(lease);
    });
  }
  for (uint64_t round = 0; round < 2000; ++round) {
    lease.Grant(lease.state().granted + 50);
    lease.Grant(lease.state().granted - std::min<uint64_t>(20, lease.state().granted));
  }
  ends = true;
  threads.clear();
  BOOST_TEST(taken == lease.state().taken);
  BOOST_TEST(taken == lease.state().granted);
}

BOOST_AUTO_TEST_CASE(leases_stay_and_who_asks_is_said_once) {
  RecordLeases leases;
  leases.Grant({{"x", 5}});
  const auto lease = leases.Of("x");
  BOOST_TEST(leases.Of("x") == lease);
  BOOST_TEST(!leases.Ask());
  BOOST_TEST(TakeAll(*lease) == 5u);
  BOOST_TEST(leases.Ask());
  BOOST_TEST(!leases.Ask());
  leases.Of("y")->Take();
  BOOST_TEST(leases.Ask());
  leases.Grant({{"x", 6}});
  BOOST_TEST(!leases.Ask());
  lease->Take();
  BOOST_TEST(leases.Ask());
  const auto states = leases.states();
  BOOST_REQUIRE(states.size() == 2u);
  BOOST_TEST(states.at("x").taken == 6u);
  BOOST_TEST(states.at("y").granted == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
