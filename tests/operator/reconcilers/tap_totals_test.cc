// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/tap_totals.h"

#include <boost/test/unit_test.hpp>

#include "operator/reconcilers/shared_reports.h"

namespace traffictap {

using kube::Json;
using reconcilers::TapTotals;
using reconcilers::WriteTotals;

namespace {

constexpr const char* kTap = "shop/a";
constexpr const char* kUid = "uid-a";

TapTotals AddUp(const std::string& tap, const std::string& uid,
                const std::vector<v1::CollectorReport>& reports, const Json& status) {
  return reconcilers::AddUp(tap, uid, Shared(reports), status);
}

v1::CollectorReport MakeReport(const std::string& collector, const std::string& instance,
                               uint64_t records, int64_t generation = 1) {
  v1::CollectorReport report;
  report.set_collector(collector);
  report.set_instance(instance);
  auto* tap = report.add_taps();
  tap->set_tap(kTap);
  tap->set_uid(kUid);
  tap->set_generation(generation);
  tap->set_offered(records);
  tap->set_pairs(records / 2);
  tap->set_open(records / 5);
  (*tap->mutable_orphans())["PeerNotMeshed"] = records / 10;
  (*tap->mutable_verdicts())["ServerError"] = records / 10;
  tap->set_proxies(2);
  auto* output = tap->add_outputs();
  output->set_name("file");
  output->set_delivered(records);
  return report;
}

// The counters of a tap as its status would show them, and that status.
struct Life {
  Json status = Json::object();
  TapTotals See(const std::vector<v1::CollectorReport>& reports) {
    const TapTotals totals = AddUp(kTap, kUid, reports, status);
    status = Json::object();
    WriteTotals(totals, &status);
    return totals;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_totals)

BOOST_AUTO_TEST_CASE(what_a_durable_output_found_on_disk_and_put_there_is_told_together) {
  Life life;
  auto report = MakeReport("a", "i1", 100);
  auto* output = report.mutable_taps(0)->mutable_outputs(0);
  output->set_recovered(30);
  output->set_spooled(90);
  output->set_replayed(40);
  const auto totals = life.See({report});
  BOOST_TEST(totals.outputs.at("file").spooled == 120u);
  BOOST_TEST(totals.outputs.at("file").replayed == 40u);
}

BOOST_AUTO_TEST_CASE(reports_of_all_collectors_are_added_up) {
  Life life;
  const auto totals = life.See({MakeReport("a", "i1", 100), MakeReport("b", "i2", 50, 3)});
  BOOST_TEST(totals.counts.at("records") == 150u);
  BOOST_TEST(totals.counts.at("pairs") == 75u);
  BOOST_TEST(totals.counts.at("open") == 30u);
  BOOST_TEST(totals.counts.at("orphans") == 15u);
  BOOST_TEST(totals.proxies == 4u);
  BOOST_TEST(totals.generation == 1);
  BOOST_TEST(totals.in_force);
  BOOST_TEST(totals.outputs.at("file").delivered == 150u);
  BOOST_TEST(life.status["orphansByReason"]["PeerNotMeshed"] == 15);
}

BOOST_AUTO_TEST_CASE(a_tap_is_found_among_many_and_by_its_uid) {
  auto report = MakeReport("a", "i1", 100);
  for (const char* name : {"shop/z", "shop", "bank/a", "shop/a", "shop/b"}) {
    auto* tap = report.add_taps();
    tap->set_tap(name);
    tap->set_uid("another");
    tap->set_offered(7);
  }
  BOOST_TEST(AddUp(kTap, kUid, {report}, {}).counts.at("records") == 100u);
  BOOST_TEST(AddUp(kTap, "another", {report}, {}).counts.at("records") == 7u);
  BOOST_TEST(AddUp("shop", "another", {report}, {}).in_force);
  BOOST_TEST(AddUp("shop/z", "another", {report}, {}).in_force);
  BOOST_TEST(!AddUp("shop/c", "another", {report}, {}).in_force);
}

BOOST_AUTO_TEST_CASE(a_collector_that_starts_again_counts_on_from_what_it_had) {
  Life life;
  life.See({MakeReport("a", "i1", 100)});
  BOOST_TEST(life.See({MakeReport("a", "i2", 5)}).counts.at("records") == 105u);
  BOOST_TEST(life.See({MakeReport("a", "i2", 7)}).counts.at("records") == 107u);
  BOOST_TEST(life.See({MakeReport("a", "i3", 1)}).counts.at("records") == 108u);
}

BOOST_AUTO_TEST_CASE(verdicts_are_counted_as_the_rest_is) {
  Life life;
  life.See({MakeReport("a", "i1", 100), MakeReport("b", "i2", 50)});
  BOOST_TEST(life.status["verdicts"]["ServerError"] == 15);
  BOOST_TEST(!life.status["verdicts"].contains("Ok"));
  life.See({MakeReport("a", "i3", 20), MakeReport("b", "i2", 50)});
  BOOST_TEST(life.status["verdicts"]["ServerError"] == 17);
  BOOST_TEST(life.status["collector"]["before"]["verdicts"]["ServerError"] == 10);
  Life restarted{life.status};
  restarted.See({MakeReport("a", "i3", 30), MakeReport("b", "i2", 50)});
  BOOST_TEST(restarted.status["verdicts"]["ServerError"] == 18);
}

BOOST_AUTO_TEST_CASE(an_operator_that_starts_again_counts_nothing_twice) {
  Life life;
  life.See({MakeReport("a", "i1", 100)});
  Life restarted{life.status};
  BOOST_TEST(restarted.See({MakeReport("a", "i1", 120)}).counts.at("records") == 120u);
}

BOOST_AUTO_TEST_CASE(with_nobody_there_the_counts_stay_and_the_same_instance_goes_on) {
  Life life;
  life.See({MakeReport("a", "i1", 100)});
  const auto alone = life.See({});
  BOOST_TEST(alone.counts.at("records") == 100u);
  BOOST_TEST(!alone.connected);
  BOOST_TEST(!alone.in_force);
  BOOST_TEST(life.See({MakeReport("a", "i1", 101)}).counts.at("records") == 101u);
}

BOOST_AUTO_TEST_CASE(a_second_collector_adds_its_own_and_leaves_them_behind) {
  Life life;
  life.See({MakeReport("a", "i1", 100)});
  BOOST_TEST(
      life.See({MakeReport("a", "i1", 110), MakeReport("b", "i2", 10)}).counts.at("records") ==
      120u);
  BOOST_TEST(life.See({MakeReport("a", "i1", 110)}).counts.at("records") == 120u);
}

BOOST_AUTO_TEST_CASE(another_life_of_the_name_is_not_this_tap) {
  Life life;
  const auto totals = AddUp(kTap, "other-uid", {MakeReport("a", "i1", 100)}, Json());
  BOOST_TEST(totals.connected);
  BOOST_TEST(!totals.in_force);
  BOOST_TEST(!totals.counts.contains("records"));
}

BOOST_AUTO_TEST_CASE(faults_and_completion_are_passed_on) {
  auto report = MakeReport("a", "i1", 1);
  auto* fault = report.add_faults();
  fault->set_tap(kTap);
  fault->set_message("output \"k\": no such broker");
  report.mutable_taps(0)->set_completed(true);
  const auto totals = AddUp(kTap, kUid, {report}, Json());
  BOOST_TEST(totals.faults.size() == 1u);
  BOOST_TEST(totals.completed);
}

BOOST_AUTO_TEST_CASE(a_status_of_any_shape_does_no_harm) {
  for (const char* text :
       {"null", "[]", "7",
        R"({"records":"many","collector":[],"orphansByReason":3,"verdicts":["Ok"]})",
        R"({"collector":{"instances":{},"before":[]},"records":-1})"}) {
    const auto totals = AddUp(kTap, kUid, {MakeReport("a", "i1", 4)}, Json::parse(text));
    BOOST_TEST(totals.counts.at("records") == 4u, text);
  }
}

BOOST_AUTO_TEST_CASE(a_final_report_counts_for_the_sums_and_for_nothing_else) {
  Life life;
  life.See({MakeReport("a", "i1", 100)});
  auto last = MakeReport("a", "i1", 130);
  last.set_final(true);
  const auto alone = life.See({last});
  BOOST_TEST(alone.counts.at("records") == 130u);
  BOOST_TEST(!alone.connected);
  BOOST_TEST(!alone.in_force);
  BOOST_TEST(alone.generation == 0);
  BOOST_TEST(alone.proxies == 0u);
  BOOST_TEST(alone.outputs.empty());
  const auto next = life.See({MakeReport("b", "i2", 7, 2), last});
  BOOST_TEST(next.counts.at("records") == 137u);
  BOOST_TEST(next.in_force);
  BOOST_TEST(next.generation == 2);
  BOOST_TEST(next.outputs.at("file").delivered == 7u);
  // Forgotten by and by, and still not counted twice or lost.
  BOOST_TEST(life.See({MakeReport("b", "i2", 9, 2)}).counts.at("records") == 139u);
}

BOOST_AUTO_TEST_CASE(the_tap_of_an_ended_collector_is_not_what_another_has_in_force) {
  auto last = MakeReport("a", "i1", 130);
  last.set_final(true);
  v1::CollectorReport living;
  living.set_collector("b");
  living.set_instance("i2");
  for (const auto& reports : {std::vector{last, living}, std::vector{living, last}}) {
    const auto totals = AddUp(kTap, kUid, reports, Json());
    BOOST_TEST(totals.connected);
    BOOST_TEST(!totals.in_force);
    BOOST_TEST(totals.counts.at("records") == 130u);
  }
}

BOOST_AUTO_TEST_CASE(who_may_take_what_stays_until_it_is_decided_otherwise) {
  Life life;
  BOOST_TEST(life.See({MakeReport("c", "i", 10)}).leases == "");
  BOOST_TEST(!life.status.at("collector").contains("leases"));
  life.status["collector"]["leases"] = "1 0 i=5";
  BOOST_TEST(life.See({MakeReport("c", "i", 20)}).leases == "1 0 i=5");
  BOOST_TEST(life.status.at("collector").at("leases") == "1 0 i=5");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
