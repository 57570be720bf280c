// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "fmt/format.h"
#include "pairing/pairer_fixture.h"

namespace traffictap {

using base::kSecond;
using fakes::Emitted;
using fakes::EntryBuilder;
using traffic::OrphanReason;

namespace {

// A stream that goes on, as the side of `builder` told of it after `age` seconds.
EntryBuilder Open(EntryBuilder builder, int age) {
  builder.facts().moment = traffic::LogMoment::kPeriodic;
  builder.facts().duration = age * kSecond;
  return builder;
}

EntryBuilder Ended(EntryBuilder builder, int age) {
  builder.facts().duration = age * kSecond;
  return builder;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(open_streams, PairerTest)

BOOST_AUTO_TEST_CASE(an_open_streams_sides_are_joined_when_their_window_is_over) {
  for (const bool client_first : {true, false}) {
    Make(size_t{1} << 30);
    Add(Open(client_first ? Client("c") : Server("s"), 10));
    Add(Open(client_first ? Server("s") : Client("c"), 10));
    BOOST_TEST(pairer->counters().waiting == 2u);
    Turn(5 * kSecond);
    BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
    BOOST_TEST(collected.open.back());
    BOOST_TEST(pairer->counters().open == 2u);
    BOOST_TEST(pairer->counters().pairs == 0u);
    BOOST_TEST(pairer->counters().waiting == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_idle_stream_is_told_of_again) {
  for (int window = 1; window <= 2; ++window) {
    for (auto half : {Client("c"), Server("s")}) {
      half.facts().moment = traffic::LogMoment::kPeriodic;
      half.facts().duration = traffic::kAbsent;  // as Envoy has it until the end
      Add(half);
    }
    Turn(5 * kSecond);
    BOOST_TEST(collected.emitted.size() == static_cast<size_t>(window));
  }
  BOOST_TEST(pairer->counters().duplicates == 0u);
}

BOOST_AUTO_TEST_CASE(a_start_that_was_rounded_on_the_way_makes_no_other_stream) {
  auto open = Open(Client("c"), 10);
  open.facts().start_time += base::kMicrosecond;
  Add(open);
  Add(Ended(Client("c"), 20));
  Add(Ended(Server("s"), 20));
  Turn(5 * kSecond);
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(!collected.open.back());
}

BOOST_AUTO_TEST_CASE(an_open_stream_makes_one_record_a_window_of_its_newest_entries) {
  Add(Open(Client("c1"), 10));
  Add(Open(Server("s1"), 10));
  Turn(2 * kSecond);
  Add(Open(Client("c2"), 12));
  Turn(2 * kSecond);
  Add(Open(Client("c3"), 14));
  Add(Open(Server("s2"), 14));
  BOOST_TEST(collected.emitted.empty());
  Turn(kSecond);
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(Last() == (Emitted{"c3", {"s2"}, OrphanReason::kNone, Last().taps}));
  BOOST_TEST(pairer->counters().intermediate == 3u);
  Add(Open(Client("c4"), 16));
  Turn(5 * kSecond);
  BOOST_TEST(Last().client == "c4");
  BOOST_TEST(pairer->waiting_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_within_the_window_is_told_of_once) {
  Add(Open(Client("c1"), 10));
  Add(Open(Server("s1"), 10));
  Add(Ended(Client("c2"), 11));
  Add(Ended(Server("s2"), 11));
  Turn(60 * kSecond);
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(Last() == (Emitted{"c2", {"s2"}, OrphanReason::kNone, Last().taps}));
  BOOST_TEST(!collected.open.back());
  BOOST_TEST(pairer->counters().intermediate == 2u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_stream_that_was_shown_open_is_a_pair_like_any_other) {
  Add(Open(Client("c1"), 10));
  Add(Open(Server("s1"), 10));
  Turn(5 * kSecond);
  Add(Ended(Server("s2"), 60));
  Add(Ended(Client("c2"), 60));
  BOOST_TEST(collected.emitted.size() == 2u);
  BOOST_TEST(pairer->counters().pairs == 1u);
}

BOOST_AUTO_TEST_CASE(an_end_joins_no_open_side) {
  Add(Open(Server("s1"), 10));
  Add(Ended(Client("c"), 60));
  Turn(5 * kSecond);
  BOOST_TEST(collected.emitted.size() == 1u);  // the server's end is on its way
  BOOST_TEST(Last().client == "c");
  BOOST_TEST(Last().servers.empty());
  BOOST_TEST(pairer->counters().intermediate == 1u);
}

BOOST_AUTO_TEST_CASE(one_side_of_an_open_stream_alone_has_a_reason) {
  peers.states["10.0.0.2"] = pairing::PeerState::kLost;
  Add(Open(Client("c"), 10));
  Turn(5 * kSecond);
  BOOST_TEST((Last().reason == OrphanReason::kLostInBuffer));
  BOOST_TEST(collected.open.back());
  Add(Open(Server("s"), 20));
  Turn(5 * kSecond);
  BOOST_TEST((Last().reason == OrphanReason::kPeerNotMeshed));  // never late: nothing is finished
  auto unreached = Open(EntryBuilder::Client().Tcp().Tag("u"), 10);
  Add(unreached);
  Turn(5 * kSecond);
  BOOST_TEST((Last().reason == OrphanReason::kNeverArrived));
  BOOST_TEST(pairer->counters().open == 3u);
}

BOOST_AUTO_TEST_CASE(an_entry_that_its_end_overtook_does_not_open_the_stream_again) {
  Add(Open(Client("c1"), 10));
  Add(Ended(Client("c3"), 30));
  Add(Open(Client("c2"), 20));
  Turn(5 * kSecond);
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(Last().client == "c3");
  BOOST_TEST(pairer->counters().intermediate == 2u);
}

BOOST_AUTO_TEST_CASE(a_redirect_that_is_followed_does_not_end_its_stream) {
  Add(Open(Client("c1"), 1));
  Add(Ended(Client("hop").Code(307).Set(traffic::Text::kResponseCodeDetails, "internal_redirect"),
            2));
  Add(Open(Client("c2"), 3));
  Turn(5 * kSecond);
  BOOST_TEST(collected.emitted.size() == 2u);
  BOOST_TEST(collected.open.front());
}

BOOST_AUTO_TEST_CASE(of_an_open_stream_nobody_is_to_blame_yet) {
  Add(Open(Client("c").Code(0).Set(traffic::Text::kResponseCodeDetails, ""), 10));
  Add(Open(Server("s").Code(200), 10));
  Turn(5 * kSecond);
  BOOST_TEST(Last().servers.size() == 1u);
  BOOST_CHECK(collected.verdicts.back() == traffic::Verdict::kOk);
}

BOOST_AUTO_TEST_CASE(what_tells_of_a_start_alone_is_never_emitted) {
  auto start = Client("c");
  start.facts().moment = traffic::LogMoment::kStart;
  Add(start);
  Turn(5 * kSecond);
  BOOST_TEST(collected.emitted.empty());
  BOOST_TEST(pairer->counters().intermediate == 1u);
}

BOOST_AUTO_TEST_CASE(open_streams_are_within_the_bound_of_what_waits) {
  Make(20'000);
  for (int i = 0; i < 1'000; ++i) {
    Add(Open(Client("c").Id(fmt::format("{:08}-2222-4333-8444-555555555555", i)), 10));
    BOOST_REQUIRE_LE(pairer->waiting_bytes(), 20'000u);
  }
  BOOST_TEST((Last().reason == OrphanReason::kLostInBuffer));
  Turn(5 * kSecond);
  BOOST_TEST(pairer->counters().open == 1'000u);
  BOOST_TEST(pairer->waiting_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
