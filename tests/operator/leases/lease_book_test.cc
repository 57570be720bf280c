// SPDX-License-Identifier: Apache-2.0
#include "operator/leases/lease_book.h"

#include <boost/test/unit_test.hpp>

#include "operator/leases/lease_simulation.h"

namespace traffictap {

using base::kSecond;
using leases::GrantedRecords;
using leases::LeaseBook;

namespace {

// A book, and pairers that have all that they are sent.
struct Fixture {
  explicit Fixture(uint64_t max, const std::optional<GrantedRecords>& former = std::nullopt)
      : book(former) {
    book.SetMax(max);
  }

  void Connect(const std::set<std::string>& names) { book.SetConnected(names, now); }
  void Report(const std::string& name, uint64_t taken, bool asks) {
    book.Hear(name, {has[name], taken, asks}, true);
  }
  // Plans, writes and sends.
  GrantedRecords Plan() {
    const auto out = book.Plan(records, now);
    BOOST_REQUIRE(out.has_value());
    book.Written(*out);
    for (const auto& [name, charge] : out->instances) Send(name);
    return *out;
  }
  void Send(const std::string& name) {
    const auto due = book.Due(name);
    if (!due) return;
    has[name] = *due;
    book.Sent(name, *due);
  }

  LeaseBook book;
  std::map<std::string, uint64_t> has;
  uint64_t records = 0;
  base::Nanos now = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_book)

BOOST_AUTO_TEST_CASE(where_nobody_takes_leases_there_is_nothing_to_write) {
  Fixture f(100);
  BOOST_TEST(!f.book.Plan(50, 0).has_value());
  BOOST_TEST(!f.book.Ends(100));
  BOOST_TEST(!f.book.UsedUp());
}

BOOST_AUTO_TEST_CASE(each_begins_with_half_of_its_part_and_gets_more_when_it_asks) {
  Fixture f(1000);
  f.Connect({"a", "b"});
  f.Plan();
  BOOST_TEST(f.has["a"] == 250u);
  BOOST_TEST(f.has["b"] == 250u);
  f.Report("a", 125, true);
  f.Report("b", 3, false);
  f.Plan();
  BOOST_TEST(f.has["a"] == 375u);
  BOOST_TEST(f.has["b"] == 250u);
}

BOOST_AUTO_TEST_CASE(what_was_written_before_there_were_leases_is_not_granted_again) {
  Fixture f(1000);
  f.records = 800;
  f.Connect({"a"});
  f.Plan();
  BOOST_TEST(f.has["a"] == 100u);
}

BOOST_AUTO_TEST_CASE(nobody_hears_of_more_before_it_is_written) {
  Fixture f(1000);
  f.Connect({"a"});
  const auto plan = f.book.Plan(0, 0);
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->instances.at("a") == 500u);
  BOOST_TEST(!f.book.Due("a").has_value());
  f.book.Written(*plan);
  BOOST_TEST(f.book.Due("a").value() == 500u);
  f.book.Sent("a", 500);
  BOOST_TEST(!f.book.Due("a").has_value());
}

BOOST_AUTO_TEST_CASE(what_asked_before_it_had_what_was_sent_gets_nothing_for_it) {
  Fixture f(1000);
  f.Connect({"a"});
  f.Plan();
  f.book.Hear("a", {0, 0, true}, false);
  BOOST_TEST(f.Plan().instances.at("a") == 500u);
  f.Report("a", 500, true);
  BOOST_TEST(f.Plan().instances.at("a") == 750u);
}

BOOST_AUTO_TEST_CASE(who_has_nothing_gets_half_of_what_another_one_does_not_use) {
  Fixture f(4);
  f.Connect({"a", "b"});
  f.Plan();
  f.Report("a", 1, true);
  f.Plan();
  f.Report("a", 2, true);
  f.Plan();
  BOOST_TEST(f.has["a"] == 3u);
  BOOST_TEST(f.has["b"] == 1u);
  f.Report("a", 3, true);
  f.Plan();
  f.Send("b");
  BOOST_TEST(f.has["b"] == 0u);
  // It counts once it is known to have come.
  f.Report("a", 3, true);
  f.Plan();
  BOOST_TEST(f.has["a"] == 3u);
  f.Report("b", 0, false);
  f.Plan();
  BOOST_TEST(f.has["a"] == 4u);
  f.Report("a", 4, true);
  BOOST_TEST(f.book.UsedUp());
  BOOST_TEST(f.book.Ends(4));
}

BOOST_AUTO_TEST_CASE(an_instance_that_ends_gives_back_what_it_did_not_take) {
  Fixture f(100);
  f.Connect({"a"});
  f.Plan();
  f.book.End("a", 10);
  f.Connect({"b"});
  const auto plan = f.Plan();
  BOOST_TEST(plan.gone == 10u);
  BOOST_TEST(plan.unreported == 0u);
  BOOST_TEST(f.has["b"] == 45u);
}

BOOST_AUTO_TEST_CASE(what_an_instance_that_died_never_reported_counts_as_taken) {
  Fixture f(100);
  f.Connect({"a", "b"});
  f.Plan();
  f.Report("a", 5, false);
  f.Connect({"b"});
  f.Report("b", 25, true);
  BOOST_TEST(f.Plan().instances.at("a") == 25u);
  f.now += LeaseBook::kAwayMax;
  const auto plan = f.Plan();
  BOOST_TEST(plan.gone == 25u);
  BOOST_TEST(plan.unreported == 20u);
  uint64_t taken = 25;
  for (int i = 0; i < 20 && !f.book.UsedUp(); ++i) {
    taken = f.has["b"];
    f.Report("b", taken, true);
    f.Plan();
  }
  BOOST_TEST(taken == 75u);
  BOOST_TEST(f.book.Ends(80));
}

BOOST_AUTO_TEST_CASE(who_leads_next_continues_with_what_was_written) {
  Fixture f(1000);
  f.Connect({"a", "b"});
  const auto plan = f.Plan();
  Fixture next(1000, plan);
  next.has = f.has;
  next.Connect({"b", "c"});
  next.Report("b", 250, true);
  next.Plan();
  // Of a nothing is known but what it may take.
  BOOST_TEST(next.has["b"] + next.has["c"] <= 750u);
  BOOST_TEST(next.has["c"] == 125u);
  BOOST_TEST(next.has["b"] == 375u);
}

BOOST_AUTO_TEST_CASE(a_maximum_that_is_lowered_takes_back_and_one_that_is_raised_grants_more) {
  Fixture f(1000);
  f.Connect({"a"});
  f.Plan();
  f.book.SetMax(300);
  f.Report("a", 100, false);
  f.Plan();
  BOOST_TEST(f.has["a"] == 300u);
  f.Report("a", 300, true);
  f.Plan();
  BOOST_TEST(f.book.Ends(300));
  f.book.SetMax(400);
  BOOST_TEST(!f.book.Ends(300));
  f.Plan();
  BOOST_TEST(f.has["a"] == 350u);
}

// Streams break, writes fail, pairers and operators die at any moment: what is taken is never more than the
// maximum, and once they let it be the tap comes to its end.
BOOST_AUTO_TEST_CASE(whatever_happens_no_more_is_taken_than_the_maximum_and_the_tap_ends) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const uint64_t max = seed % 3 == 0 ? 7 : seed % 3 == 1 ? 200 : 5000;
    LeaseSimulation all(seed, max, 1 + seed % 5);
    const bool faults = seed % 4 != 0;
    for (int step = 0; step < 3000; ++step) {
      all.Step();
      if (faults && step % 97 == 0) all.Fault();
      BOOST_REQUIRE_MESSAGE(all.taken <= max, "seed " << seed << " step " << step);
    }
    int more = 0;
    for (; !all.ended() && more < 100'000; ++more) {
      all.Step();
      BOOST_REQUIRE_MESSAGE(all.taken <= max, "seed " << seed << " more " << more);
    }
    BOOST_TEST(all.ended(), "seed " << seed);
    if (!faults) BOOST_TEST(all.taken == max, "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(what_was_written_while_there_was_no_maximum_is_not_granted_again) {
  Fixture f(10'000, GrantedRecords{0, 0, {{"a", 250}, {"b", 250}}});
  f.has = {{"a", 250}, {"b", 250}};
  f.records = 5100;  // 100 of them of leases
  f.Connect({"a", "b"});
  f.Report("a", 50, false);
  f.Report("b", 50, false);
  BOOST_TEST(f.Plan().gone == 5000u);
  for (int i = 0; i < 200 && !f.book.UsedUp(); ++i) {
    f.Report("a", f.has["a"], true);
    f.Report("b", f.has["b"], true);
    f.records = 5000 + f.has["a"] + f.has["b"];
    f.Plan();
  }
  BOOST_TEST(f.has["a"] + f.has["b"] == 5000u);
}

BOOST_AUTO_TEST_CASE(what_was_counted_of_one_that_died_between_two_leaders_is_not_missed_again) {
  Fixture f(1000, GrantedRecords{0, 0, {{"a", 500}, {"b", 250}}});
  f.has["b"] = 250;
  f.records = 450;  // 400 of a's
  f.Connect({"b"});
  f.Report("b", 50, false);
  f.now += LeaseBook::kAwayMax;
  BOOST_TEST(f.Plan().gone == 500u);
  BOOST_TEST(!f.book.Ends(500));
  for (int i = 0; i < 100 && !f.book.UsedUp(); ++i) {
    f.Report("b", f.has["b"], true);
    f.records = 400 + f.has["b"];
    f.Plan();
  }
  BOOST_TEST(f.has["b"] == 500u);
  BOOST_TEST(f.book.Ends(900));
}

BOOST_AUTO_TEST_CASE(an_instance_that_comes_back_after_it_counted_as_gone_counts_once) {
  Fixture f(1000);
  f.Connect({"a", "b"});
  f.Plan();
  f.Report("a", 200, true);
  f.Connect({"b"});
  f.now += LeaseBook::kAwayMax;
  BOOST_TEST(f.Plan().gone == 250u);
  f.Report("a", 200, true);
  f.Connect({"a", "b"});
  const auto plan = f.Plan();
  BOOST_TEST(plan.gone == 0u);
  BOOST_TEST(plan.unreported == 0u);
  for (int i = 0; i < 100 && !f.book.UsedUp(); ++i) {
    f.Report("a", f.has["a"], true);
    f.Report("b", f.has["b"], true);
    f.Plan();
  }
  BOOST_TEST(f.has["a"] + f.has["b"] == 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
