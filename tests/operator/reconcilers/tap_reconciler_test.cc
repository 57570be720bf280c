// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/tap_reconciler.h"

#include <boost/test/unit_test.hpp>

#include "operator/reconcilers/mesh_fixture.h"

namespace traffictap {

using reconcilers::TapPorts;
using reconcilers::TapReconciler;

namespace {

struct Fixture : MeshFixture {
  Fixture() {
    SeedTap("a", "cart");
    Plan(1);
    // istiod says nothing of the proxies, so that nothing is waited for.
    board.MissProxies(0);
    board.MissProxies(5 * base::kSecond);
    TapPorts ports;
    ports.tap = [this](const kube::ObjectKey& key) -> reconcilers::ObjectPtr {
      if (watched) return watched;
      for (auto& tap : All(kube::kTrafficTaps)) {
        if (tap->key() == key) return tap;
      }
      return nullptr;
    };
    ports.reports = [this] { return Shared(reports); };
    ports.plan_leases = [this](const std::string& uid, uint64_t) {
      BOOST_TEST(uid == Tap().uid());
      return planned;
    };
    ports.leases_written = [this](const std::string&, const leases::GrantedRecords& granted) {
      const auto tap = Tap();
      const kube::Json* leases = tap.Find("/status/collector/leases");
      BOOST_REQUIRE(leases != nullptr);
      BOOST_TEST(leases->get<std::string>() == leases::ToText(granted));
      ++granted_times;
    };
    ports.counts_interval = [] { return 10 * base::kSecond; };
    ports.settling = [this] { return settling; };
    ports.announce = [this](const auto&, const plan::Condition& ready) {
      said.push_back(ready.reason);
    };
    ports.announce_dump = [this](const auto&, bool, const std::string& message) {
      said.push_back(message);
    };
    ports.kube = &kube;
    ports.board = &board;
    ports.clock = &clock;
    reconciler = std::make_unique<TapReconciler>(ports);
  }

  kube::Object Tap() { return kube.All(kube::kTrafficTaps)[0]; }
  void Plan(int64_t generation, plan::Condition::Value accepted = plan::Condition::Value::kTrue,
            bool in_force = true) {
    plan::MeshPlan plan;
    plan::TapOutcome outcome;
    outcome.key = "shop/a";
    outcome.tap = {"shop", "a", Tap().uid()};
    outcome.generation = generation;
    outcome.in_force = in_force;
    outcome.proxies = {"cart-0.shop"};
    outcome.conditions = {{"Accepted", accepted, "Accepted", ""}};
    plan.outcomes.push_back(outcome);
    board.SetPlan(plan, {});
  }
  void Report(uint64_t records) {
    v1::CollectorReport report;
    report.set_instance("i");
    auto* tap = report.add_taps();
    tap->set_tap("shop/a");
    tap->set_uid(Tap().uid());
    tap->set_generation(1);
    tap->set_offered(records);
    reports = {report};
  }
  // istiod answers again: the tap is on its way until its proxies have taken their patch.
  void AwaitProxies() { board.SetProxies({}, 0); }
  // The collector has the tap, and its proxy sends: the tap is ready.
  void Start() {
    Report(1);
    reports[0].mutable_taps(0)->set_proxies(1);
  }
  // The reason of Ready as it is written; empty before the first write.
  std::string Ready() {
    const auto tap = Tap();
    const kube::Json* conditions = tap.Find("/status/conditions");
    if (conditions == nullptr) return "";
    for (const auto& condition : *conditions) {
      if (condition.value("type", "") == "Ready") return condition.value("reason", "");
    }
    return "";
  }
  // Returns when the tap is looked at again.
  base::Nanos Run() {
    const auto result = reconciler->Reconcile({"shop", "a"});
    BOOST_REQUIRE(result.ok());
    return result->requeue_after;
  }
  size_t Writes() {
    const size_t count = kube.writes().size();
    kube.ClearWrites();
    return count;
  }

  std::unique_ptr<TapReconciler> reconciler;
  reconcilers::ObjectPtr watched;  // null: the watch is up to date
  bool settling = false;
  std::vector<std::string> said;
  std::optional<leases::GrantedRecords> planned;  // what pairers may take of the tap's maxRecords
  int granted_times = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_reconciler)

BOOST_AUTO_TEST_CASE(a_status_is_written_once) {
  Fixture f;
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST(f.Tap().Find("/status/conditions")->size() > 3u);
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_status_that_the_watch_has_not_brought_yet_is_not_written_again) {
  Fixture f;
  f.watched = std::make_shared<const kube::Object>(f.Tap());
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  f.clock.Advance(2 * base::kSecond);
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
  f.Report(1);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  f.watched = nullptr;
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
}

BOOST_AUTO_TEST_CASE(what_another_one_writes_over_a_status_is_repaired) {
  Fixture f;
  f.Run();
  f.Writes();
  kube::Object edited = f.Tap();
  edited.value()["status"]["observedGeneration"] = 7;
  f.kube.Seed(kube::kTrafficTaps, edited);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST((*f.Tap().Find("/status/observedGeneration") == 1));
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_ready_within_two_seconds_has_one_write) {
  Fixture f;
  f.AwaitProxies();
  BOOST_TEST(f.Run() == 2 * base::kSecond);
  f.clock.Advance(base::kSecond);
  f.Report(1);
  BOOST_TEST(f.Run() == base::kSecond);
  BOOST_TEST(f.Writes() == 0u);
  f.Start();
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST(f.Ready() == "Capturing");
}

BOOST_AUTO_TEST_CASE(what_a_tap_waits_for_is_written_after_two_seconds_and_each_two_seconds_then) {
  Fixture f;
  f.AwaitProxies();
  f.Run();
  f.clock.Advance(2 * base::kSecond);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST(f.Ready() == "Pending");
  f.clock.Advance(60 * base::kSecond);
  f.Report(1);
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
  f.clock.Advance(2 * base::kSecond);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_ready_tap_that_waits_for_a_moment_stays_ready) {
  Fixture f;
  f.Start();
  f.Run();
  f.Writes();
  for (int i = 0; i < 3; ++i) {
    f.AwaitProxies();
    f.Report(1);
    f.Run();
    f.clock.Advance(base::kSecond);
    f.Start();
    f.Run();
  }
  BOOST_TEST(f.Writes() == 0u);
  BOOST_TEST(f.Ready() == "Capturing");
}

BOOST_AUTO_TEST_CASE(a_fault_of_a_tap_on_its_way_waits_for_nothing) {
  Fixture f;
  f.AwaitProxies();
  f.Run();
  f.Plan(1, plan::Condition::Value::kFalse);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_held_status_that_could_not_be_written_is_tried_again_at_once) {
  Fixture f;
  f.AwaitProxies();
  f.Run();
  f.clock.Advance(2 * base::kSecond);
  f.kube.Fail("apply_status", kube::kTrafficTaps, absl::UnavailableError("down"));
  BOOST_TEST(!f.reconciler->Reconcile({"shop", "a"}).ok());
  f.kube.ClearWrites();
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(what_passes_within_seconds_is_not_announced) {
  Fixture f;
  f.Run();
  f.clock.Advance(4 * base::kSecond);
  f.Run();
  BOOST_TEST(f.said.empty());
  f.Report(1);
  f.reports[0].mutable_taps(0)->set_proxies(1);
  f.Run();
  const std::vector<std::string> expected = {"Capturing"};
  BOOST_TEST(f.said == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_lasts_is_announced_once) {
  Fixture f;
  const auto first = f.reconciler->Reconcile({"shop", "a"});
  BOOST_REQUIRE(first.ok());
  BOOST_TEST(first->requeue_after == 5 * base::kSecond);
  f.clock.Advance(5 * base::kSecond);
  f.Run();
  BOOST_TEST(f.said.size() == 1u);
  f.clock.Advance(60 * base::kSecond);
  f.Run();
  BOOST_TEST(f.said.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_somebody_has_to_correct_is_announced_at_once) {
  Fixture f;
  f.Plan(1, plan::Condition::Value::kFalse);
  f.Run();
  BOOST_TEST(f.said.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_dump_that_has_ended_is_in_the_status_at_once_and_announced_once) {
  Fixture f;
  f.Report(1);
  auto* recorder = f.reports[0].mutable_taps(0)->mutable_recorder();
  recorder->set_since(1'000 * base::kSecond);
  f.Run();
  auto* dump = recorder->add_dumps();
  dump->set_time(2'000 * base::kSecond);
  dump->set_trigger("errors");
  dump->set_from(1'900 * base::kSecond);
  dump->set_held(1'000 * base::kSecond);
  dump->set_ended(true);
  f.said.clear();
  f.Run();
  f.Run();
  BOOST_REQUIRE(f.said.size() == 1u);
  BOOST_TEST(f.said[0].starts_with("dump by errors at 1970-01-01T00:33:20Z"));
  const auto tap = f.Tap();
  BOOST_TEST(tap.Text("/status/dumps/0/state") == "Written");
  BOOST_TEST(tap.Text("/status/recorder/since") == "1970-01-01T00:16:40Z");
}

BOOST_AUTO_TEST_CASE(counts_alone_wait_for_their_interval) {
  Fixture f;
  f.Report(1);
  f.Run();
  f.Writes();
  f.Report(2);
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
  f.clock.Advance(11 * base::kSecond);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST((*f.Tap().Find("/status/records") == 2));
}

BOOST_AUTO_TEST_CASE(a_change_of_a_condition_waits_for_nothing) {
  Fixture f;
  f.Report(1);
  f.Run();
  f.Writes();
  f.reports.clear();
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_fresh_operator_does_not_write_over_what_it_does_not_know_yet) {
  Fixture f;
  f.Report(5);
  f.Run();
  f.Writes();
  f.settling = true;
  f.reports.clear();
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
  f.Plan(2);
  kube::Object edited = f.Tap();
  edited.value()["spec"]["direction"] = "Inbound";
  f.kube.Seed(kube::kTrafficTaps, edited);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_gone_or_not_planned_is_left) {
  Fixture f;
  BOOST_TEST(f.reconciler->Reconcile({"shop", "b"}).ok());
  f.board.SetPlan({}, {});
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refusal_by_the_api_server_is_an_error_and_is_tried_again) {
  Fixture f;
  f.kube.Fail("apply_status", kube::kTrafficTaps, absl::UnavailableError("down"));
  BOOST_TEST(!f.reconciler->Reconcile({"shop", "a"}).ok());
  f.kube.ClearWrites();
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
}

BOOST_AUTO_TEST_CASE(what_pairers_may_take_is_written_at_once_and_then_granted) {
  Fixture f;
  f.AwaitProxies();
  f.Report(1);
  f.planned = leases::GrantedRecords{0, 0, {{"i", 50}}};
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST(f.granted_times == 1);
  f.Run();
  BOOST_TEST(f.Writes() == 0u);
  f.planned->instances["i"] = 75;
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  // What is written stays, whoever leads.
  f.planned.reset();
  f.Report(2);
  f.clock.Advance(20 * base::kSecond);
  f.Run();
  BOOST_TEST(f.Writes() == 1u);
  BOOST_TEST(f.Tap().Find("/status/collector/leases")->get<std::string>() == "0 0 i=75");
}

BOOST_AUTO_TEST_CASE(what_could_not_be_written_is_not_granted) {
  Fixture f;
  f.planned = leases::GrantedRecords{0, 0, {{"i", 50}}};
  f.kube.Fail("apply_status", kube::kTrafficTaps, absl::UnavailableError("down"));
  BOOST_TEST(!f.reconciler->Reconcile({"shop", "a"}).ok());
  BOOST_TEST(f.granted_times == 0);
  f.Run();
  BOOST_TEST(f.granted_times == 1);
}

BOOST_AUTO_TEST_CASE(a_tap_that_never_was_in_force_shares_nothing) {
  Fixture f;
  f.Plan(1, plan::Condition::Value::kTrue, false);
  f.planned = leases::GrantedRecords{0, 0, {{"i", 50}}};
  f.Run();
  BOOST_TEST(f.granted_times == 0);
  f.Plan(1);
  f.Run();
  BOOST_TEST(f.granted_times == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
