// SPDX-License-Identifier: Apache-2.0
#include "observe/live_hub.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "observe/sample_records.h"

namespace traffictap {
namespace observe {

BOOST_AUTO_TEST_SUITE(live_hub)

BOOST_AUTO_TEST_CASE(a_reader_finds_what_was_published_since_its_position) {
  fakes::ManualClock clock;
  LiveHub hub({}, &clock);
  hub.Consume(Records(3));
  const auto first = hub.Read("shop/all", 0, 100).value();
  BOOST_TEST(first.batches.size() == 1u);
  BOOST_TEST(first.next == 3u);
  BOOST_TEST(!first.more);
  hub.Consume(Records(2));
  const auto second = hub.Read("shop/all", first.next, 100).value();
  BOOST_TEST(second.begin == 3u);
  BOOST_TEST(second.next == 5u);
  BOOST_TEST(second.dropped == 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_in_the_middle_of_a_batch_goes_on_there) {
  fakes::ManualClock clock;
  LiveHub hub({}, &clock);
  hub.Consume(Records(3));
  const auto part = hub.Read("shop/all", 2, 100).value();
  BOOST_TEST(part.begin == 2u);
  BOOST_REQUIRE(part.batches.size() == 1u);
  BOOST_TEST(part.batches[0].first == 0u);
}

BOOST_AUTO_TEST_CASE(what_was_overwritten_is_a_gap_of_known_size) {
  fakes::ManualClock clock;
  LiveHub hub({.tap_bytes_max = 1, .bytes_max = 1 << 30}, &clock);
  hub.Consume(Records(3));
  hub.Consume(Records(4));
  const auto part = hub.Read("shop/all", 1, 100).value();
  BOOST_TEST(part.dropped == 2u);
  BOOST_TEST(part.begin == 3u);
  BOOST_TEST(part.next == 7u);
  const auto counters = hub.counters("shop/all").value();
  BOOST_TEST(counters.published == 7u);
  BOOST_TEST(counters.dropped == 3u);
}

BOOST_AUTO_TEST_CASE(all_backlogs_together_are_bounded_and_the_oldest_goes_first) {
  fakes::ManualClock clock;
  LiveHub hub({.tap_bytes_max = 1 << 30, .bytes_max = 20'000}, &clock);
  for (int i = 0; i < 20; ++i) {
    hub.Consume(Records(1, i % 2 == 0 ? "shop/a" : "shop/b"));
    clock.Advance(base::kSecond);
  }
  const auto a = hub.counters("shop/a").value();
  const auto b = hub.counters("shop/b").value();
  BOOST_TEST(a.bytes + b.bytes <= 20'000u);
  BOOST_TEST(a.dropped > 0u);
  BOOST_TEST(b.dropped > 0u);
  BOOST_TEST(a.published == 10u);
}

BOOST_AUTO_TEST_CASE(since_finds_the_first_batch_of_that_time) {
  fakes::ManualClock clock;
  LiveHub hub({}, &clock);
  hub.Consume(Records(3));
  clock.Advance(10 * base::kSecond);
  hub.Consume(Records(2));
  BOOST_TEST(hub.OrdinalAt("shop/all", clock.Wall() - 5 * base::kSecond).value() == 3u);
  BOOST_TEST(hub.OrdinalAt("shop/all", 0).value() == 0u);
  BOOST_TEST(hub.OrdinalAt("shop/all", clock.Wall() + 1).value() == 5u);
}

BOOST_AUTO_TEST_CASE(a_removed_tap_ends_after_its_last_record_and_is_forgotten_later) {
  fakes::ManualClock clock;
  LiveHub hub({}, &clock);
  hub.SetTaps({"shop/all"});
  hub.Consume(Records(3));
  hub.SetTaps({});
  BOOST_TEST(hub.taps().empty());
  BOOST_TEST(hub.Read("shop/all", 0, 100).value().ended);
  hub.SetTaps({});
  BOOST_TEST((hub.Read("shop/all", 0, 100).status().code() == absl::StatusCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(more_readers_than_allowed_are_refused) {
  fakes::ManualClock clock;
  LiveHub hub({.readers_max = 1}, &clock);
  BOOST_TEST(hub.ReaderEntered());
  BOOST_TEST(!hub.ReaderEntered());
  hub.ReaderLeft();
  BOOST_TEST(hub.ReaderEntered());
}

BOOST_AUTO_TEST_CASE(a_position_ahead_of_a_tap_that_began_anew_starts_over) {
  fakes::ManualClock clock;
  LiveHub hub({}, &clock);
  hub.Consume(Records(3));
  BOOST_TEST(hub.Read("shop/all", 99, 100).value().next == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace observe
}  // namespace traffictap
