// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_limits.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <thread>
#include <vector>

#include "fakes/manual_clock.h"

namespace traffictap {

using base::kSecond;
using pipeline::TapLimits;
using Answer = TapLimits::Answer;

struct TapLimitsTest {
  // How many records `threads` threads get that ask for `count` each, all at once.
  static size_t AllAtOnce(TapLimits& limits, size_t threads, size_t count) {
    std::vector<size_t> taken(threads);
    {
      std::vector<std::jthread> all;
      for (size_t& sum : taken) {
        all.emplace_back([&limits, &sum, count] {
          for (size_t i = 0; i < count; ++i) sum += limits.Take() == Answer::kMay ? 1 : 0;
        });
      }
    }
    return std::accumulate(taken.begin(), taken.end(), size_t{0});
  }

  tap::LimitsSpec spec;
  fakes::ManualClock clock;
};

BOOST_FIXTURE_TEST_SUITE(tap_limits, TapLimitsTest)

BOOST_AUTO_TEST_CASE(without_limits_every_record_may_pass) {
  TapLimits limits(&spec, &clock);
  BOOST_TEST(AllAtOnce(limits, 4, 1000) == 4000u);
  BOOST_TEST(!limits.completed());
}

BOOST_AUTO_TEST_CASE(many_threads_at_once_get_max_records_exactly) {
  spec.max_records = 2345;
  TapLimits limits(&spec, &clock);
  BOOST_TEST(AllAtOnce(limits, 8, 1000) == 2345u);
  BOOST_TEST((limits.Take() == Answer::kOver));
  BOOST_TEST(limits.completed());
}

BOOST_AUTO_TEST_CASE(many_threads_at_once_get_what_a_second_has_and_no_more) {
  spec.max_records_per_second = 100;
  TapLimits limits(&spec, &clock);
  for (int second = 0; second < 3; ++second) {
    BOOST_TEST(AllAtOnce(limits, 4, 1000) == 100u);
    BOOST_TEST((limits.Take() == Answer::kTooManyAtOnce));
    clock.Advance(kSecond);
  }
  BOOST_TEST(!limits.completed());
}

BOOST_AUTO_TEST_CASE(a_record_that_a_second_has_no_room_for_is_not_one_of_max_records) {
  spec.max_records_per_second = 10;
  spec.max_records = 15;
  TapLimits limits(&spec, &clock);
  BOOST_TEST(AllAtOnce(limits, 1, 100) == 10u);
  clock.Advance(kSecond);
  BOOST_TEST(AllAtOnce(limits, 1, 100) == 5u);
  BOOST_TEST((limits.Take() == Answer::kOver));
}

BOOST_AUTO_TEST_CASE(a_tap_lasts_from_its_start_time_for_its_duration) {
  spec.start_time = clock.Wall() + 10 * kSecond;
  spec.duration = 5 * kSecond;
  TapLimits limits(&spec, &clock);
  BOOST_TEST((limits.Take() == Answer::kOver));
  clock.Advance(10 * kSecond);
  BOOST_TEST((limits.Take() == Answer::kMay));
  clock.Advance(5 * kSecond - 1);
  BOOST_TEST((limits.Take() == Answer::kMay));
  BOOST_TEST(!limits.completed());
  clock.Advance(1);
  limits.CheckTime();
  BOOST_TEST(limits.completed());
  BOOST_TEST((limits.Take() == Answer::kOver));
}

BOOST_AUTO_TEST_CASE(an_end_time_ends_it_for_good) {
  spec.end_time = clock.Wall() + kSecond;
  TapLimits limits(&spec, &clock);
  BOOST_TEST((limits.Take() == Answer::kMay));
  clock.Advance(kSecond);
  BOOST_TEST((limits.Take() == Answer::kOver));
  clock.JumpWall(-10 * kSecond);
  BOOST_TEST((limits.Take() == Answer::kOver));
}

BOOST_AUTO_TEST_CASE(an_edit_goes_on_with_the_time_the_second_and_the_records) {
  spec.duration = 10 * kSecond;
  spec.max_records = 100;
  spec.max_records_per_second = 60;
  TapLimits former(&spec, &clock);
  BOOST_TEST(AllAtOnce(former, 2, 100) == 60u);
  tap::LimitsSpec edited = spec;
  edited.max_records_per_second = 70;
  TapLimits limits(&edited, &clock);
  limits.Inherit(former, 60);
  BOOST_TEST(AllAtOnce(limits, 2, 100) == 10u);
  clock.Advance(kSecond);
  BOOST_TEST(AllAtOnce(limits, 2, 100) == 30u);
  edited.max_records.reset();
  TapLimits last(&edited, &clock);
  last.Inherit(limits, 100);
  clock.Advance(8 * kSecond);
  BOOST_TEST((last.Take() == Answer::kMay));
  clock.Advance(kSecond);
  BOOST_TEST((last.Take() == Answer::kOver));
}

BOOST_AUTO_TEST_CASE(of_what_is_leased_no_more_is_taken_and_the_tap_waits_for_more) {
  spec.max_records = 100;
  const auto lease = std::make_shared<pipeline::RecordLease>();
  TapLimits limits(&spec, &clock);
  limits.UseLease(lease);
  BOOST_TEST((limits.Take() == Answer::kOver));
  lease->Grant(30);
  BOOST_TEST(AllAtOnce(limits, 4, 100) == 30u);
  BOOST_TEST(!limits.completed());
  lease->Grant(100);
  BOOST_TEST(AllAtOnce(limits, 4, 100) == 70u);
  BOOST_TEST((limits.Take() == Answer::kOver));
  BOOST_TEST(limits.completed());
}

BOOST_AUTO_TEST_CASE(a_record_that_a_second_has_no_room_for_takes_nothing_of_the_lease) {
  spec.max_records = 100;
  spec.max_records_per_second = 10;
  const auto lease = std::make_shared<pipeline::RecordLease>();
  lease->Grant(50);
  TapLimits limits(&spec, &clock);
  limits.UseLease(lease);
  BOOST_TEST(AllAtOnce(limits, 2, 100) == 10u);
  BOOST_TEST(lease->state().taken == 10u);
}

BOOST_AUTO_TEST_CASE(of_a_rate_a_pairer_has_the_part_of_its_partitions) {
  spec.max_records_per_second = 100;
  pipeline::PartitionTime time;
  time.partitions = 4;
  time.owned = 1;
  TapLimits limits(&spec, &clock);
  limits.UseTime(&time);
  size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    taken += AllAtOnce(limits, 1, 50);
    time.elapsed += kSecond / 10;
  }
  BOOST_TEST(taken >= 247u);
  BOOST_TEST(taken <= 251u);
  BOOST_TEST((limits.Take() == Answer::kMay));
  BOOST_TEST(AllAtOnce(limits, 1, 50) <= 2u);
  BOOST_TEST((limits.Take() == Answer::kTooManyAtOnce));
  // Nothing is saved for longer than a second.
  time.elapsed += 600 * kSecond;
  BOOST_TEST(AllAtOnce(limits, 1, 500) == 25u);
  // The time is that of the partitions, however fast they are read.
  time.owned = 3;
  time.elapsed += 3 * kSecond;
  BOOST_TEST(AllAtOnce(limits, 1, 500) == 75u);
}

BOOST_AUTO_TEST_CASE(less_than_a_record_a_second_is_saved_for_the_next_and_kept_over_an_edit) {
  spec.max_records_per_second = 1;
  pipeline::PartitionTime time;
  time.partitions = 8;
  time.owned = 1;
  auto limits = std::make_unique<TapLimits>(&spec, &clock);
  limits->UseTime(&time);
  size_t taken = AllAtOnce(*limits, 1, 10);
  BOOST_TEST(taken == 1u);
  for (int second = 1; second <= 80; ++second) {
    time.elapsed += kSecond;
    taken += AllAtOnce(*limits, 1, 10);
    auto next = std::make_unique<TapLimits>(&spec, &clock);
    next->UseTime(&time);
    next->Inherit(*limits, taken);
    limits = std::move(next);
  }
  BOOST_TEST(taken == 11u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
