// SPDX-License-Identifier: Apache-2.0
#include "shuffle/partition_clock.h"

#include <boost/test/unit_test.hpp>

#include "shuffle/simulated_log.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using shuffle::PartitionClock;

namespace {

constexpr base::Nanos kT = SimulatedLog::kStart;

PartitionClock::Message Block(const std::string& receiver, base::Nanos appended,
                              base::Nanos age = 0) {
  return {receiver, kT + appended, appended, age, false};
}

PartitionClock::Message MessageOf(const SimulatedLog::Message& message) {
  return {message.receiver, message.appended, message.header.sealed, message.header.greatest_age,
          message.header.bye};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(partition_clock)

BOOST_AUTO_TEST_CASE(time_is_the_least_low_mark_of_all_receivers_and_never_goes_back) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond, kSecond));
  BOOST_TEST(clock.now() == kT + 9 * kSecond);
  clock.Take(Block("b", 11 * kSecond, 4 * kSecond));
  BOOST_TEST(clock.now() == kT + 9 * kSecond);
  clock.Take(Block("a", 20 * kSecond));
  BOOST_TEST(clock.now() == kT + 9 * kSecond);
  clock.Take(Block("b", 21 * kSecond));
  BOOST_TEST(clock.now() == kT + 20 * kSecond);
}

BOOST_AUTO_TEST_CASE(a_receiver_that_says_goodbye_holds_nothing_back_and_is_no_loss) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond));
  auto bye = Block("b", 11 * kSecond);
  bye.bye = true;
  clock.Take(bye);
  clock.Take(Block("a", 20 * kSecond));
  BOOST_TEST(clock.now() == kT + 20 * kSecond);
  BOOST_TEST(clock.last_death() == INT64_MIN);
}

BOOST_AUTO_TEST_CASE(a_receiver_that_is_silent_for_thirty_seconds_is_dead_and_not_before) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond));
  clock.Take(Block("b", 40 * kSecond));
  BOOST_TEST(clock.now() == kT + 10 * kSecond);
  BOOST_TEST(clock.receivers() == 2u);
  clock.Take(Block("b", 41 * kSecond));
  BOOST_TEST(clock.now() == kT + 41 * kSecond);
  BOOST_TEST(clock.receivers() == 1u);
  BOOST_TEST(clock.last_death() == kT + 41 * kSecond);
}

BOOST_AUTO_TEST_CASE(ticks_let_time_go_on_where_no_receiver_is_left) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond));
  for (int second = 11; second <= 40; ++second) clock.Take(Block("", second * kSecond));
  BOOST_TEST(clock.now() == kT + 10 * kSecond);
  clock.Take(Block("", 41 * kSecond));
  BOOST_TEST(clock.now() == kT + 41 * kSecond);
}

BOOST_AUTO_TEST_CASE(a_block_that_waited_for_the_broker_keeps_the_time_when_it_was_sealed) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond));
  auto late = Block("a", 11 * kSecond, kSecond);
  late.appended = kT + 25 * kSecond;
  const base::Nanos sealed = clock.Take(late);
  BOOST_TEST(sealed >= kT + 11 * kSecond);
  BOOST_TEST(sealed < kT + 11 * kSecond + 10 * kMillisecond);
  BOOST_TEST(clock.now() == sealed - kSecond);
}

BOOST_AUTO_TEST_CASE(what_is_older_than_thirty_seconds_counts_as_thirty_seconds_old) {
  PartitionClock clock;
  clock.Take(Block("a", 100 * kSecond, 90 * kSecond));
  BOOST_TEST(clock.now() == kT + 70 * kSecond);
}

BOOST_AUTO_TEST_CASE(a_clock_that_any_block_may_forge_does_not_overflow) {
  for (const base::Nanos sealed : {INT64_MIN, INT64_MAX}) {
    PartitionClock clock;
    clock.Take(Block("a", 10 * kSecond));
    const base::Nanos taken = clock.Take({"a", kT + 11 * kSecond, sealed, 0, false});
    BOOST_TEST(taken <= kT + 11 * kSecond);
    BOOST_TEST(taken >= kT + 11 * kSecond - PartitionClock::kSilenceMax);
  }
}

BOOST_AUTO_TEST_CASE(a_clock_goes_on_from_its_state) {
  PartitionClock clock;
  clock.Take(Block("a", 10 * kSecond, kSecond));
  clock.Take(Block("b", 11 * kSecond));
  PartitionClock other(clock.state());
  BOOST_TEST((other.state() == clock.state()));
  for (PartitionClock* each : {&clock, &other}) each->Take(Block("a", 12 * kSecond));
  BOOST_TEST((other.state() == clock.state()));
}

// The promise that no half ends too early: its other half would have had to arrive more than a window
// later.
BOOST_AUTO_TEST_CASE(time_passes_nothing_that_is_still_to_come_however_receivers_interleave) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random(seed);
      const auto roll = [&](base::Nanos below) {
        return std::uniform_int_distribution<base::Nanos>(0, below - 1)(random);
      };
      const size_t receivers = 1 + static_cast<size_t>(roll(4));
      SimulatedLog simulated(seed, receivers, 60 * kSecond);
      for (int i = 0; i < 100; ++i) {
        simulated.Add(
            static_cast<size_t>(roll(static_cast<base::Nanos>(receivers))),
            {roll(60 * kSecond), "h", fakes::EntryBuilder::Client(), fakes::MakeNode("10.0.0.1")});
      }
      const base::Nanos from = 5 * kSecond + roll(20 * kSecond);
      simulated.Cut({0, from, from + roll(28 * kSecond) + 1});
      PartitionClock clock;
      base::Nanos before = 0;
      for (const auto& message : simulated.Make()) {
        // Before all are known, nobody waits for those to come.
        const bool all = clock.receivers() == receivers;
        for (const base::Nanos arrival : message.arrivals) {
          if (all) BOOST_TEST(clock.now() <= arrival + 3 * SimulatedLog::kDelayMax);
        }
        clock.Take(MessageOf(message));
        BOOST_TEST(clock.now() >= before);
        before = clock.now();
      }
      BOOST_TEST(clock.now() >= kT + 59 * kSecond);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
