// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/mesh_reconciler.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "operator/reconcilers/mesh_fixture.h"

namespace traffictap {

using reconcilers::MeshPorts;
using reconcilers::MeshReconciler;

namespace {

struct Fixture : MeshFixture {
  Fixture() {
    MeshPorts ports;
    ports.objects = [this] { return Objects(); };
    ports.settings = [this] { return settings; };
    ports.reports = [this] { return Shared(reports); };
    ports.set_taps = [this](const auto& set) {
      compiled_taps = set;
      filters_when_sent = kube.All(kube::kEnvoyFilters).size();
    };
    ports.set_limits = [this](const auto& set) { limits = set; };
    ports.records_end = [this](const std::string&, uint64_t records) { return records >= end_at; };
    ports.plan_changed = [this] { ++told; };
    ports.announce_drain = [this](const kube::Object& about, const std::string& message) {
      drains.push_back(about.kind() + "/" + about.name() + ": " + message);
    };
    ports.announce_fault = [this](const kube::Object& about, const std::string& reason,
                                  const std::string& message) {
      faults.push_back(about.kind() + "/" + about.name() + ": " + reason + ": " + message);
    };
    ports.leads = [this] { return ++asked != lost_at; };
    ports.kube = &kube;
    ports.board = &board;
    ports.peers = &peers;
    ports.clock = &clock;
    reconciler = std::make_unique<MeshReconciler>(mesh::Installation(), ports);
  }

  StatusOr<controller::ReconcileResult> Run() { return reconciler->Reconcile({"", "mesh"}); }
  std::vector<kube::Object> Filters() { return kube.All(kube::kEnvoyFilters); }

  reconcilers::PeerLedger peers{&clock};
  std::unique_ptr<MeshReconciler> reconciler;
  std::vector<plan::CompiledTap> compiled_taps;
  std::vector<leases::TapLimit> limits;
  uint64_t end_at = UINT64_MAX;  // of records: no pairer gets any more
  size_t filters_when_sent = 0;
  plan::MeshSettings settings;
  std::vector<std::string> drains, faults;
  int told = 0;
  int asked = 0, lost_at = 0;  // whether it leads: the number of the question that gets a no
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mesh_reconciler)

BOOST_AUTO_TEST_CASE(collectors_get_a_tap_before_proxies_get_its_patch) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].Text("/spec/workloadSelector/labels/app") == "cart");
  BOOST_TEST(mesh.Filters()[0].owner_references().size() == 1u);
  BOOST_REQUIRE(mesh.compiled_taps.size() == 1u);
  BOOST_TEST(mesh.compiled_taps[0].key == "shop/a");
  BOOST_TEST(mesh.filters_when_sent == 0u);
  BOOST_TEST(mesh.told == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_where_nothing_changed) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.ClearWrites();
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.kube.writes().empty());
}

// Each edit matches other paths, which is for the collectors alone, and each third one captures
// another header, which is for the proxies.
BOOST_AUTO_TEST_CASE(of_hundreds_of_edits_each_that_changes_a_patch_writes_it_once) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.ClearWrites();
  std::vector<std::string> expected;
  for (int edit = 0; edit < 300; ++edit) {
    const std::string path = "/v" + std::to_string(edit);
    mesh.Seed(kube::kTrafficTaps,
              R"({"metadata":{"namespace":"shop","name":"a"},"spec":{
        "targets":[{"kind":"Workload","name":"cart"}],"match":{"paths":[{"exact":")" +
                  path + R"("}]},"capture":{"requestHeaders":["x-)" + std::to_string(edit / 3) +
                  R"("]},"outputs":[{"name":"out","type":"Stdout"}]}})");
    if (edit % 3 == 0) {
      expected.push_back("apply envoyfilters.networking.istio.io shop/traffictap-statefulset-cart");
    }
    BOOST_REQUIRE(mesh.Run().ok());
    BOOST_REQUIRE(mesh.compiled_taps.size() == 1u);
    BOOST_REQUIRE(mesh.compiled_taps[0].document.find('"' + path + '"') != std::string::npos);
  }
  BOOST_TEST(mesh.kube.writes() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_destination_is_told_whether_taps_can_name_it_and_once) {
  Fixture mesh;
  mesh.SeedDestination("bus", "kafka:9092");
  mesh.SeedDestination("broken", "no port");
  BOOST_TEST(mesh.Run().ok());
  std::map<std::string, std::string> told;
  for (const auto& object : mesh.kube.All(kube::kTapDestinations)) {
    told[object.name()] = object.Text("/status/conditions/0/status") + " " +
                          object.Text("/status/conditions/0/reason");
    BOOST_TEST(object.Find("/status/observedGeneration") != nullptr);
  }
  BOOST_TEST(told["bus"] == "True Accepted");
  BOOST_TEST(told["broken"] == "False Invalid");
  mesh.kube.ClearWrites();
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.kube.writes().empty());
}

BOOST_AUTO_TEST_CASE(a_second_tap_of_the_same_workload_shares_the_patch) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.SeedTap("b", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].owner_references().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_hand_edit_is_repaired) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  kube::Object edited = mesh.Filters()[0];
  edited.value()["spec"]["workloadSelector"]["labels"]["app"] = "payments";
  mesh.kube.Seed(kube::kEnvoyFilters, edited, "somebody");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters()[0].Text("/spec/workloadSelector/labels/app") == "cart");
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_cut_off_half_way_writes_nothing_more_and_leaves_no_gap) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  mesh.SeedTap("b", "payments");
  mesh.lost_at = mesh.asked + 1;  // it leads again before it would delete
  BOOST_TEST(absl::IsAborted(mesh.Run().status()));
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].Text("/spec/workloadSelector/labels/app") == "cart");
  mesh.lost_at = mesh.asked + 2;  // the new patch is there
  BOOST_TEST(absl::IsAborted(mesh.Run().status()));
  BOOST_TEST(mesh.Filters().size() == 2u);
  BOOST_TEST(mesh.drains.size() == 2u);  // when each patch came; none has gone
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].Text("/spec/workloadSelector/labels/app") == "payments");
  BOOST_TEST(mesh.told == 2);
}

BOOST_AUTO_TEST_CASE(a_patch_that_no_tap_wants_is_deleted_and_others_are_left) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.Seed(kube::kEnvoyFilters, R"({"metadata":{"namespace":"shop","name":"theirs"},"spec":{}})");
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].name() == "theirs");
  BOOST_TEST(mesh.compiled_taps.empty());
}

BOOST_AUTO_TEST_CASE(one_refused_patch_stops_no_other_and_its_tap_says_why) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.SeedTap("b", "payments");
  mesh.kube.Fail("apply", kube::kEnvoyFilters, absl::PermissionDeniedError("no right to"));
  BOOST_TEST(!mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 1u);
  const bool first_failed = !mesh.board.Find("shop/a")->patch_error.empty();
  BOOST_TEST(first_failed != !mesh.board.Find("shop/b")->patch_error.empty());
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_limit_by_number_holds_as_soon_as_the_collector_reports_it) {
  Fixture mesh;
  mesh.Seed(kube::kTrafficTaps,
            R"({"metadata":{"namespace":"shop","name":"few","generation":1},"spec":{
      "targets":[{"kind":"Workload","name":"cart"}],"limits":{"maxRecords":10},
      "outputs":[{"name":"out","type":"Stdout"}]}})");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 1u);
  v1::CollectorReport report;
  report.set_instance("i");
  auto* tap = report.add_taps();
  tap->set_tap("shop/few");
  tap->set_uid(mesh.kube.All(kube::kTrafficTaps)[0].uid());
  tap->set_offered(10);
  mesh.reports = {report};
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().empty());
  BOOST_TEST(mesh.compiled_taps.empty());
}

BOOST_AUTO_TEST_CASE(a_limit_by_number_is_shared_and_ends_the_tap_where_nobody_gets_any_more) {
  Fixture mesh;
  mesh.Seed(kube::kTrafficTaps,
            R"({"metadata":{"namespace":"shop","name":"few","generation":1},"spec":{
      "targets":[{"kind":"Workload","name":"cart"}],"limits":{"maxRecords":10},
      "outputs":[{"name":"out","type":"Stdout"}]},
      "status":{"records":7,"collector":{"instances":"i","leases":"3 0 i=5"}}})");
  mesh.SeedTap("b", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.limits.size() == 1u);
  BOOST_TEST(mesh.limits[0].max == 10u);
  BOOST_TEST(mesh.limits[0].kept == "3 0 i=5");
  BOOST_TEST(mesh.compiled_taps.size() == 2u);
  mesh.end_at = 7;
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.compiled_taps.size() == 1u);
  BOOST_TEST(mesh.compiled_taps[0].key == "shop/b");
}

BOOST_AUTO_TEST_CASE(whom_the_targets_talk_to_gets_a_patch_and_leaves_it_when_silent) {
  Fixture mesh;
  mesh.SeedPod("db", "10.0.0.7");
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 1u);
  v1::CollectorReport report;
  report.add_taps()->set_tap("shop/a");
  report.mutable_taps(0)->set_uid(mesh.kube.All(kube::kTrafficTaps)[0].uid());
  report.mutable_taps(0)->add_peers()->set_address("10.0.0.7");
  BOOST_TEST(mesh.peers.Note(Shared({report})));
  const auto found = mesh.Run();
  BOOST_REQUIRE(found.ok());
  BOOST_TEST(found->requeue_after == reconcilers::PeerLedger::kSilence);
  BOOST_TEST(mesh.Filters().size() == 2u);
  BOOST_REQUIRE(mesh.compiled_taps.at(0).peers.size() == 1u);
  BOOST_TEST(mesh.compiled_taps[0].peers[0].workload == "db");
  BOOST_TEST(mesh.compiled_taps[0].peers[0].attached);
  BOOST_TEST(mesh.board.Find("shop/a")->outcome.peers.at(0).reason == "Attached");
  mesh.clock.Advance(reconcilers::PeerLedger::kSilence - base::kSecond);
  report.mutable_taps(0)->clear_peers();
  mesh.peers.Note(Shared({report}));  // after a long silence of the collector: the time begins anew
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 2u);
  mesh.clock.Advance(reconcilers::PeerLedger::kSilence);
  mesh.peers.Note(Shared({report}));
  for (int i = 0; i < 30; ++i) {
    mesh.clock.Advance(25 * base::kSecond);
    mesh.peers.Note(Shared({report}));
  }
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_drains_is_told_once_when_a_patch_comes_and_when_it_goes) {
  Fixture mesh;
  const std::string patch = "EnvoyFilter/shop/traffictap-statefulset-cart";
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Run().ok());
  const std::string what = ": HTTP connections of 1 proxy drain within 45s";
  const std::vector<std::string> expected = {
      "TrafficTap/a: " + patch + " is written" + what,
      "EnvoyFilter/traffictap-statefulset-cart: " + patch + " is removed" + what};
  BOOST_TEST(mesh.drains == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_drains_where_the_patch_or_its_end_was_refused) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.kube.Fail("apply", kube::kEnvoyFilters, absl::PermissionDeniedError("no right to"));
  BOOST_TEST(!mesh.Run().ok());
  BOOST_TEST(mesh.drains.empty());
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  mesh.kube.Fail("delete", kube::kEnvoyFilters, absl::PermissionDeniedError("no right to"));
  BOOST_TEST(!mesh.Run().ok());
  BOOST_TEST(mesh.drains.size() == 1u);
}

struct WithGrace : Fixture {
  WithGrace() {
    settings.patch_grace = 300 * base::kSecond;
    Seed(kube::kNamespaces, R"({"metadata":{"name":"traffictap-system"}})");
    SeedTap("a", "cart");
    BOOST_REQUIRE(Run().ok());
    kube.Purge(kube::kTrafficTaps, {"shop", "a"});
    kube.CollectGarbage(kube::kEnvoyFilters);
    kube.ClearWrites();
    drains.clear();
  }
};

BOOST_AUTO_TEST_CASE(a_patch_outlives_its_last_tap_for_the_grace_time) {
  WithGrace mesh;
  const auto first = mesh.Run();
  BOOST_REQUIRE(first.ok());
  BOOST_TEST(first->requeue_after == 300 * base::kSecond);
  BOOST_TEST(mesh.compiled_taps.empty());
  BOOST_TEST(mesh.Run().ok());
  // That it is not needed is written down once, for the operator that comes next.
  const std::vector<std::string> written = {
      "apply envoyfilters.networking.istio.io shop/traffictap-statefulset-cart"};
  BOOST_TEST(mesh.kube.writes() == written, boost::test_tools::per_element());
  mesh.clock.Advance(301 * base::kSecond);
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().empty());
  BOOST_TEST(mesh.drains.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_next_tap_takes_a_patch_over_that_waits) {
  WithGrace mesh;
  BOOST_TEST(mesh.Run().ok());
  const auto generation = mesh.Filters()[0].generation();
  mesh.SeedTap("b", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.Filters()[0].generation() == generation);
  BOOST_TEST(mesh.Filters()[0].annotation("traffictap.io/unneeded-since") == "");
  BOOST_TEST(mesh.drains.empty());
}

BOOST_AUTO_TEST_CASE(a_patch_that_waits_goes_with_the_installation) {
  WithGrace mesh;
  mesh.kube.Purge(kube::kNamespaces, {"", "traffictap-system"});
  mesh.kube.CollectGarbage(kube::kEnvoyFilters);
  BOOST_TEST(mesh.Filters().empty());
}

// A namespace that its administrator has opted in, and the installation's own.
struct Standing : Fixture {
  Standing() {
    Seed(kube::kNamespaces, R"({"metadata":{"name":"traffictap-system","uid":"uid-system"}})");
    Seed(kube::kNamespaces,
         R"({"metadata":{"name":"shop","labels":{"traffictap.io/attachment":"Standing"}}})");
    BOOST_REQUIRE(Run().ok());
    BOOST_REQUIRE(Filters().size() == 1u);
  }
};

BOOST_AUTO_TEST_CASE(a_standing_patch_comes_without_taps_and_no_tap_changes_it) {
  Standing mesh;
  BOOST_TEST(mesh.drains.size() == 1u);
  const auto generation = mesh.Filters()[0].generation();
  mesh.kube.ClearWrites();
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.compiled_taps.size() == 1u);
  BOOST_TEST(mesh.kube.writes().empty());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.kube.writes().empty());
  BOOST_TEST(mesh.Filters()[0].generation() == generation);
  BOOST_TEST(mesh.drains.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_standing_patch_goes_with_the_installation_or_the_label) {
  Standing mesh;
  BOOST_TEST(mesh.Filters()[0].owner_references().size() == 1u);
  mesh.Seed(kube::kNamespaces, R"({"metadata":{"name":"shop"}})");
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().empty());
  Standing other;
  other.kube.Purge(kube::kNamespaces, {"", "traffictap-system"});
  other.kube.CollectGarbage(kube::kEnvoyFilters);
  BOOST_TEST(other.Filters().empty());
}

BOOST_AUTO_TEST_CASE(what_a_namespace_says_wrongly_is_told_once_as_long_as_it_stays) {
  Fixture mesh;
  const std::string wrong =
      R"({"metadata":{"name":"shop","labels":{"traffictap.io/attachment":"yes"}}})";
  mesh.Seed(kube::kNamespaces, wrong);
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Run().ok());
  BOOST_REQUIRE(mesh.faults.size() == 1u);
  BOOST_TEST(mesh.faults[0].starts_with("Namespace/shop: AttachmentInvalid: label "));
  mesh.Seed(kube::kNamespaces, R"({"metadata":{"name":"shop"}})");
  BOOST_TEST(mesh.Run().ok());
  mesh.Seed(kube::kNamespaces, wrong);
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.faults.size() == 2u);
}

// A mesh that can be attached by Telemetry as well.
struct TwoWays : Fixture {
  TwoWays() {
    plan::MeshConfig config;
    config.extension_providers = {
        {"taps", "traffictap-collector.traffictap-system.svc.cluster.local", 9811, false}};
    settings.configs["default"] = config;
    SeedTap("a", "cart");
    BOOST_REQUIRE(Run().ok());
    kube.ClearWrites();
    settings.envoy_filter_allowed = false;
  }
  const std::string telemetry = "telemetries.telemetry.istio.io shop/traffictap-statefulset-cart";
  const std::string filter = "envoyfilters.networking.istio.io shop/traffictap-statefulset-cart";
};

BOOST_AUTO_TEST_CASE(what_is_new_is_applied_before_the_old_goes) {
  TwoWays mesh;
  BOOST_TEST(mesh.Run().ok());
  const std::vector<std::string> expected = {"apply " + mesh.telemetry, "delete " + mesh.filter};
  BOOST_TEST(mesh.kube.writes() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_patch_stays_while_the_one_that_takes_its_place_is_refused) {
  TwoWays mesh;
  mesh.kube.Fail("apply", kube::kTelemetries, absl::PermissionDeniedError("no right to"));
  BOOST_TEST(!mesh.Run().ok());
  BOOST_TEST(mesh.Filters().size() == 1u);
  BOOST_TEST(mesh.drains.size() == 1u);
  BOOST_TEST(mesh.kube.writes().empty());
  BOOST_TEST(mesh.Run().ok());
  BOOST_TEST(mesh.Filters().empty());
}

BOOST_AUTO_TEST_CASE(a_refused_patch_keeps_no_other_taps_patch) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  BOOST_TEST(mesh.Run().ok());
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  mesh.SeedTap("b", "payments");
  mesh.kube.Fail("apply", kube::kEnvoyFilters, absl::PermissionDeniedError("no right to"));
  BOOST_TEST(!mesh.Run().ok());
  BOOST_TEST(mesh.Filters().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
