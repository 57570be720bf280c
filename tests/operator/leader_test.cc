// SPDX-License-Identifier: Apache-2.0
#include "operator/leader.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "base/metrics.h"
#include "collector/tap_source.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {

// Notes which keys came.
struct NotingReconciler final : controller::Reconciler {
  StatusOr<controller::ReconcileResult> Reconcile(const kube::ObjectKey& key) override {
    absl::MutexLock lock(&mutex);
    seen.insert(key.ToString());
    return controller::ReconcileResult{};
  }
  bool Saw(const std::string& key) {
    absl::MutexLock lock(&mutex);
    return seen.contains(key);
  }
  bool SawAll(size_t keys) {
    absl::MutexLock lock(&mutex);
    return seen.size() == keys;
  }
  void Forget() {
    absl::MutexLock lock(&mutex);
    seen.clear();
  }
  absl::Mutex mutex;
  std::set<std::string> seen;
};

struct LeaderTest {
  LeaderTest() {
    options.discovery.address = "127.0.0.1:0";
    kube.Seed(kube::kTrafficTaps,
              kube::Object(kube::Json{{"metadata", {{"namespace", "shop"}, {"name", "a"}}}}));
    leader = std::make_unique<op::Leader>(options, &watch, &queues, &board, &clock);
    watch.Start();
  }
  void Lead(const std::stop_token& stop) { leader->Run(stop, {&mesh, &taps, &guard}); }
  // A leader at an address that collectors know, and how one of them dials it.
  collector::TapSourceOptions Serve() {
    {
      const auto other = discovery::DiscoveryServer::Start(options.discovery, [] {});
      options.discovery.address = "127.0.0.1:" + std::to_string((*other)->port());
    }
    leader = std::make_unique<op::Leader>(options, &watch, &queues, &board, &clock);
    collector::TapSourceOptions dial;
    dial.address = options.discovery.address;
    dial.collector = "p0";
    dial.role = "pairer";
    dial.backoff_min = 20 * base::kMillisecond;
    return dial;
  }
  bool AreWaiting(int keys) const {
    base::MetricsRegistry metrics;
    metrics.Register([this](base::MetricWriter& writer) { queues.taps.WriteMetrics("q", writer); });
    const auto line = "traffictap_queue_waiting{queue=\"q\"} " + std::to_string(keys) + "\n";
    return metrics.Render().find(line) != std::string::npos;
  }

  fakes::ManualClock clock;
  base::SystemClock real_clock;
  fakes::FakeKubeClient kube;
  op::Options options;
  op::ReconcileQueues queues{&clock};
  reconcilers::PlanBoard board;
  op::MeshWatch watch{
      &kube, options.installation, &real_clock, {[] {}, [](const kube::ObjectKey&) {}}};
  NotingReconciler meshes, each_tap;
  controller::Controller mesh{{"mesh", 1}, &meshes, &queues.mesh, &clock};
  controller::Controller taps{{"taps", 1}, &each_tap, &queues.taps, &clock};
  op::ApiGuard guard{0, &kube, &clock};
  std::unique_ptr<op::Leader> leader;
};

BOOST_FIXTURE_TEST_SUITE(leader, LeaderTest)

BOOST_AUTO_TEST_CASE(counts_of_many_taps_take_at_most_a_quarter_of_the_writes) {
  BOOST_TEST(op::CountsInterval(0, 10) == 10 * base::kSecond);
  BOOST_TEST(op::CountsInterval(25, 10) == 10 * base::kSecond);
  BOOST_TEST(op::CountsInterval(1000, 10) == 400 * base::kSecond);
  BOOST_TEST(op::CountsInterval(1000, 100) == 40 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_change_waits_for_others_the_longer_the_more_taps_there_are) {
  BOOST_TEST(op::MeshDelay(0) == 100 * base::kMillisecond);
  BOOST_TEST(op::MeshDelay(100) == 100 * base::kMillisecond);
  BOOST_TEST(op::MeshDelay(500) == 500 * base::kMillisecond);
  BOOST_TEST(op::MeshDelay(10'000) == base::kSecond);
}

BOOST_AUTO_TEST_CASE(a_report_waits_for_others_the_longer_the_more_there_is_to_add_up) {
  BOOST_TEST(op::ReportDelay(0, 0) == 0);
  BOOST_TEST(op::ReportDelay(100, 4) == 0);
  BOOST_TEST(op::ReportDelay(100, 5) == 10 * base::kMillisecond);
  BOOST_TEST(op::ReportDelay(1000, 1) == 20 * base::kMillisecond);
  BOOST_TEST(op::ReportDelay(100, 400) == 800 * base::kMillisecond);
  BOOST_TEST(op::ReportDelay(1000, 512) == base::kSecond);
}

BOOST_AUTO_TEST_CASE(changes_that_come_together_are_one) {
  for (int i = 0; i < 3; ++i) {
    queues.MeshChanged(500);
    BOOST_TEST(!mesh.RunOne());
    clock.Advance(200 * base::kMillisecond);
  }
  BOOST_TEST(mesh.RunOne());
  BOOST_TEST(!mesh.RunOne());
}

BOOST_AUTO_TEST_CASE(an_address_that_is_taken_is_noticed_before_anybody_leads) {
  const auto other = discovery::DiscoveryServer::Start(options.discovery, [] {});
  options.discovery.address = "127.0.0.1:" + std::to_string((*other)->port());
  leader = std::make_unique<op::Leader>(options, &watch, &queues, &board, &clock);
  BOOST_TEST(absl::IsUnavailable(leader->TryListening()));
}

BOOST_AUTO_TEST_CASE(a_leader_reconciles_the_mesh_and_tells_every_tap_of_a_new_plan) {
  std::jthread leading([this](const std::stop_token& stop) { Lead(stop); });
  BOOST_TEST(fakes::Eventually([&] { return meshes.Saw("mesh"); }));
  leader->PlanChanged();
  BOOST_TEST(fakes::Eventually([&] { return each_tap.Saw("shop/a"); }));
}

BOOST_AUTO_TEST_CASE(one_that_still_waits_for_its_first_lists_stops_at_once) {
  op::MeshWatch never{
      &kube, options.installation, &real_clock, {[] {}, [](const kube::ObjectKey&) {}}};
  op::Leader waiting(options, &never, &queues, &board, &clock);
  const base::Nanos start = real_clock.Monotonic();
  {
    const std::jthread leading([&](const std::stop_token& stop) {
      waiting.Run(stop, {&mesh, &taps, &guard});
    });
  }
  BOOST_TEST(real_clock.Monotonic() - start < 10 * base::kSecond);
  BOOST_TEST(!meshes.Saw("mesh"));
}

BOOST_AUTO_TEST_CASE(it_settles_until_a_collector_and_istiod_were_heard_or_for_twenty_seconds) {
  std::jthread leading([this](const std::stop_token& stop) { Lead(stop); });
  BOOST_TEST(fakes::Eventually([&] { return meshes.Saw("mesh"); }));
  BOOST_TEST(leader->Settling());
  clock.Advance(21 * base::kSecond);
  BOOST_TEST(!leader->Settling());
}

BOOST_AUTO_TEST_CASE(without_an_istiod_no_pushes_are_known) {
  BOOST_TEST(leader->Pushes().empty());
  board.MissProxies(0);
  board.MissProxies(5 * base::kSecond);
  BOOST_TEST(leader->Pushes().empty());
}

BOOST_AUTO_TEST_CASE(the_options_are_part_of_what_plans_are_made_of) {
  options.patch_grace = 7;
  options.standing_namespaces = {{"team", "a"}};
  options.standing_request_headers = {"x-tenant"};
  options.standing_open_streams = 9;
  leader = std::make_unique<op::Leader>(options, &watch, &queues, &board, &clock);
  const auto settings = leader->Settings();
  BOOST_TEST(settings.patch_grace == 7);
  BOOST_TEST(settings.standing.has_value());
  BOOST_TEST(settings.standing_open_streams == 9);
  BOOST_TEST(settings.standing_request_headers == std::vector<std::string>{"x-tenant"},
             boost::test_tools::per_element());
}

// Patches are written next.
BOOST_AUTO_TEST_CASE(taps_are_set_once_receivers_and_pairers_have_them) {
  auto dial = Serve();
  dial.report_interval = 50 * base::kMillisecond;
  std::jthread leading([this](const std::stop_token& stop) { Lead(stop); });
  std::atomic<bool> taken{false};
  collector::TapSourceState state;
  const auto source =
      collector::TapSource::Start(dial,
                                  {[&](const auto&) {
                                     std::this_thread::sleep_for(std::chrono::milliseconds(300));
                                     taken = true;
                                     return std::vector<pipeline::TapFault>();
                                   },
                                   [] { return pipeline::PipelineSnapshot(); }},
                                  &state);
  BOOST_REQUIRE_MESSAGE(source.ok(), Message(source.status()));
  BOOST_REQUIRE(fakes::Eventually([&] { return leader->Reports().size() == 1; }));
  leader->SetTaps({});
  BOOST_TEST(taken);
}

BOOST_AUTO_TEST_CASE(the_status_of_many_taps_waits_for_more_reports) {
  for (int i = 1; i < 1000; ++i) {
    kube.Seed(kube::kTrafficTaps,
              kube::Object(kube::Json{
                  {"metadata", {{"namespace", "shop"}, {"name", "t" + std::to_string(i)}}}}));
  }
  BOOST_REQUIRE(fakes::Eventually([&] { return watch.tap_count() == 1000; }));
  const auto dial = Serve();
  std::jthread leading([this](const std::stop_token& stop) { Lead(stop); });
  // At the start istiod is asked, and every tap learns of that.
  BOOST_REQUIRE(fakes::Eventually([&] { return each_tap.SawAll(1000); }));
  each_tap.Forget();
  collector::TapSourceState state;
  const auto source =
      collector::TapSource::Start(dial,
                                  {[](const auto&) { return std::vector<pipeline::TapFault>(); },
                                   [] { return pipeline::PipelineSnapshot(); }},
                                  &state);
  BOOST_REQUIRE_MESSAGE(source.ok(), Message(source.status()));
  BOOST_TEST(fakes::Eventually([&] { return AreWaiting(1000); }));
  BOOST_TEST(!each_tap.Saw("shop/a"));
  clock.Advance(op::ReportDelay(1000, 1));
  BOOST_TEST(fakes::Eventually([&] { return each_tap.Saw("shop/a"); }));
}

BOOST_AUTO_TEST_CASE(a_replica_that_does_not_lead_serves_nobody) {
  BOOST_TEST(leader->TryListening().ok());
  leader->SetTaps({});
  BOOST_TEST(leader->Reports().empty());
  BOOST_TEST(leader->AllReports().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
