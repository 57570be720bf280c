// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <vector>

#include "pairing/pairer_fixture.h"

namespace traffictap {
namespace {

using base::kSecond;
using fakes::Emitted;
using fakes::EntryBuilder;
using traffic::OrphanReason;

// Halves whose time comes with them.
struct TimedHalves : PairerTest {
  struct Packed {
    explicit Packed(const EntryBuilder& builder) : batch(fakes::MakeNode("10.0.0.1")) {
      batch.Add(builder.entry())->taps.Add(0);
    }
    const traffic::PackedEntry& entry() const { return *batch.entries()[0]; }
    traffic::EntryBatch batch;
  };
  void Take(const EntryBuilder& builder, const pairing::HalfTime& time) {
    const Packed packed(builder);
    pairer->Add(packed.entry(), packed.batch.node(), time);
  }
  void Restore(const EntryBuilder& builder, const pairing::HalfTime& time) {
    const Packed packed(builder);
    pairer->Restore(packed.entry(), packed.batch.node(), time);
  }
  void Mark(const EntryBuilder& builder) {
    const Packed packed(builder);
    pairer->Mark(packed.entry(), packed.batch.node());
  }
  std::vector<uint64_t> Waiting() const {
    std::vector<uint64_t> out;
    pairer->ForEachWaiting([&](const pairing::HalfTime& half) { out.push_back(half.position); });
    return out;
  }
  static EntryBuilder Lone(const std::string& tag) { return Client(tag).Id(tag); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(takeover, TimedHalves)

BOOST_AUTO_TEST_CASE(a_half_that_brings_its_time_ends_by_it_and_by_its_own_window) {
  Take(Lone("a"), {100, 50, 1});
  pairer->Advance(149);
  BOOST_TEST(collected.emitted.empty());
  pairer->Advance(150);
  BOOST_TEST(Last().client == "a");
}

BOOST_AUTO_TEST_CASE(what_waits_is_told_by_position_in_the_order_in_which_it_is_due) {
  Take(Lone("a"), {100, 50, 7});
  Take(Lone("b"), {100, 20, 8});
  Take(Lone("c"), {101, 50, 9});
  BOOST_TEST(Waiting() == (std::vector<uint64_t>{8, 7, 9}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_half_that_is_restored_waits_no_longer_than_it_did) {
  Restore(Lone("late"), {200, 50, 2});
  Restore(Lone("early"), {100, 50, 1});
  BOOST_TEST(Waiting() == (std::vector<uint64_t>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(collected.emitted.empty());
  pairer->Advance(150);
  BOOST_TEST(collected.emitted.size() == 1u);
  BOOST_TEST(Last().client == "early");
}

BOOST_AUTO_TEST_CASE(a_half_that_is_restored_joins_and_its_copy_is_one) {
  Restore(Client("c"), {100, 50, 1});
  Take(Client("c"), {101, 50, 2});
  BOOST_TEST(pairer->counters().duplicates == 1u);
  Take(Server("s"), {101, 50, 3});
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(what_was_emitted_elsewhere_is_not_emitted_again_and_its_other_half_is_late) {
  Mark(Client("c"));
  Take(Client("c"), {100, 50, 1});
  BOOST_TEST(pairer->counters().duplicates == 1u);
  Take(Server("s"), {100, 50, 2});
  pairer->Advance(150);
  BOOST_TEST((Last().reason == OrphanReason::kLateBeyondWindow));
}

BOOST_AUTO_TEST_CASE(counters_go_on_where_they_stood_but_for_what_waits) {
  pairing::JoinCounters counters;
  counters.kept = 11;
  counters.pairs = 5;
  counters.waiting = 9;
  Restore(Lone("a"), {100, 50, 1});
  pairer->Restore(counters);
  BOOST_TEST(pairer->counters().kept == 11u);
  BOOST_TEST(pairer->counters().pairs == 5u);
  BOOST_TEST(pairer->counters().waiting == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_open_waits_where_its_newest_entry_stands) {
  auto open = Lone("s");
  open.facts().moment = traffic::LogMoment::kPeriodic;
  Take(open, {100, 50, 1});
  Take(open.Tag("newer"), {120, 50, 2});
  BOOST_TEST(Waiting() == (std::vector<uint64_t>{2}), boost::test_tools::per_element());
  pairer->Advance(150);
  BOOST_TEST(Last().client == "newer");
}

BOOST_AUTO_TEST_CASE(a_stream_that_ended_before_any_told_of_itself_is_remembered_where_asked_for) {
  auto open = Lone("s");
  open.facts().moment = traffic::LogMoment::kPeriodic;
  open.facts().duration = 1;
  for (const bool remember : {false, true}) {
    pairing::PairerOptions options;
    options.remember_ends = remember;
    pairer = std::make_unique<pairing::Pairer>(options, nullptr, &collected);
    Take(Lone("s"), {100, 50, 1});
    Take(open, {101, 50, 2});
    BOOST_TEST(pairer->counters().intermediate == (remember ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(where_halves_of_unknown_proxies_were_lost_the_other_one_may_be_among_them) {
  pairing::PairerOptions options;
  options.lost_since = [](pairing::PeerState, traffic::PeerMesh, base::Nanos since) {
    return 90 >= since;
  };
  pairer = std::make_unique<pairing::Pairer>(options, nullptr, &collected);
  Take(Lone("a"), {130, 50, 1});
  Take(Lone("b"), {141, 50, 2});
  pairer->Advance(200);
  BOOST_TEST((collected.emitted[0].reason == OrphanReason::kLostInBuffer));
  BOOST_TEST((collected.emitted[1].reason == OrphanReason::kPeerNotMeshed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
