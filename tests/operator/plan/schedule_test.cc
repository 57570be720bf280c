// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/schedule.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::plan {
namespace {

using base::kSecond;

constexpr base::Nanos kNow = 1000 * kSecond;

TapObject MakeTap(const tap::LimitsSpec& limits) {
  auto spec = std::make_shared<tap::TapSpec>();
  spec->limits = limits;
  TapObject out;
  out.spec = spec;
  return out;
}

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(a_tap_without_limits_runs_from_now_on) {
  const Schedule schedule = ScheduleOf(MakeTap({}), kNow, true);
  BOOST_TEST((schedule.phase == Phase::kRunning));
  BOOST_TEST((schedule.started == kNow));
  BOOST_TEST(!schedule.ends.has_value());
  BOOST_TEST(!schedule.changes.has_value());
}

BOOST_AUTO_TEST_CASE(a_tap_that_may_not_run_does_not_begin_to_count) {
  BOOST_TEST(!ScheduleOf(MakeTap({.duration = kSecond}), kNow, false).started.has_value());
}

BOOST_AUTO_TEST_CASE(the_bounds_belong_to_the_later_phase) {
  const TapObject tap = MakeTap({.start_time = kNow, .end_time = kNow + kSecond});
  BOOST_TEST((ScheduleOf(tap, kNow - 1, true).phase == Phase::kScheduled));
  BOOST_TEST((ScheduleOf(tap, kNow, true).phase == Phase::kRunning));
  BOOST_TEST((ScheduleOf(tap, kNow + kSecond - 1, true).phase == Phase::kRunning));
  BOOST_TEST((ScheduleOf(tap, kNow + kSecond, true).phase == Phase::kCompleted));
}

BOOST_AUTO_TEST_CASE(the_earlier_end_counts_and_is_named) {
  TapObject tap = MakeTap({.duration = 10 * kSecond, .end_time = kNow + 60 * kSecond});
  tap.started = kNow - 10 * kSecond;
  BOOST_TEST(ScheduleOf(tap, kNow, true).reason == "DurationReached");
  tap = MakeTap({.duration = 3600 * kSecond, .end_time = kNow});
  tap.started = kNow - 10 * kSecond;
  BOOST_TEST(ScheduleOf(tap, kNow, true).reason == "EndTimeReached");
}

BOOST_AUTO_TEST_CASE(a_longer_duration_revives_a_completed_tap) {
  TapObject tap = MakeTap({.duration = 20 * kSecond});
  tap.started = kNow - 15 * kSecond;
  const Schedule schedule = ScheduleOf(tap, kNow, true);
  BOOST_TEST((schedule.phase == Phase::kRunning));
  BOOST_TEST((schedule.changes == kNow + 5 * kSecond));
}

BOOST_AUTO_TEST_CASE(a_start_time_that_was_moved_begins_a_new_period) {
  TapObject tap = MakeTap({.duration = 20 * kSecond, .start_time = kNow - kSecond});
  tap.started = kNow - 100 * kSecond;
  const Schedule schedule = ScheduleOf(tap, kNow, true);
  BOOST_TEST((schedule.started == kNow - kSecond));
  BOOST_TEST((schedule.phase == Phase::kRunning));
}

BOOST_AUTO_TEST_CASE(records_complete_a_tap_at_their_limit) {
  TapObject tap = MakeTap({.max_records = 10});
  tap.records = 9;
  BOOST_TEST((ScheduleOf(tap, kNow, true).phase == Phase::kRunning));
  tap.records = 10;
  BOOST_TEST(ScheduleOf(tap, kNow, true).reason == "MaxRecordsReached");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
