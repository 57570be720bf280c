// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "operator/reconcilers/mesh_fixture.h"
#include "operator/reconcilers/mesh_reconciler.h"

namespace traffictap {
namespace {

struct Fixture : MeshFixture {
  Fixture() {
    reconcilers::MeshPorts ports;
    ports.objects = [this] { return Objects(); };
    ports.settings = [] { return plan::MeshSettings(); };
    ports.reports = [] { return reconcilers::Reports(); };
    ports.set_taps = [](const auto&) {};
    ports.plan_changed = [] {};
    ports.announce_drain = [](const auto&, const auto&) {};
    ports.announce_fault = [](const auto&, const auto&, const auto&) {};
    ports.next_step = [this] {
      written_before.push_back(kube.writes().size());
      clock.Advance(step_takes);
    };
    ports.pushes = [this] {
      asked_pushes_before.push_back(kube.writes().size());
      return istiod::PushVersions{{"10.0.0.1:15014", {0, 5 + kube.writes().size()}}};
    };
    ports.leads = [this] { return ++asked != lost_at; };
    ports.kube = &kube;
    ports.board = &board;
    ports.peers = &peers;
    ports.clock = &clock;
    reconciler = std::make_unique<reconcilers::MeshReconciler>(mesh::Installation(), ports);
  }

  Status Reconcile() { return reconciler->Reconcile({"", "mesh"}).status(); }
  // How many writes there were before each step of a pass.
  std::vector<size_t> Run() {
    kube.ClearWrites();
    written_before.clear();
    BOOST_TEST(Reconcile().ok());
    return written_before;
  }
  // Something to apply, to delete and to tell: one workload's tap has gone, and another one's came.
  void Change() {
    SeedTap("a", "cart");
    BOOST_TEST(Reconcile().ok());
    kube.Purge(kube::kTrafficTaps, {"shop", "a"});
    SeedTap("b", "payments");
    SeedDestination("bus", "kafka:9092");
  }
  std::string Written() {
    std::string out;
    for (const auto& filter : kube.All(kube::kEnvoyFilters)) {
      out += filter.name() + " " + filter.Find("/spec")->dump() + "\n";
    }
    for (const auto& bus : kube.All(kube::kTapDestinations)) {
      out += bus.Text("/status/conditions/0/reason") + "\n";
    }
    return out;
  }

  reconcilers::PeerLedger peers{&clock};
  std::unique_ptr<reconcilers::MeshReconciler> reconciler;
  std::vector<size_t> written_before;
  std::vector<size_t> asked_pushes_before;  // how many writes there were
  base::Nanos step_takes = 0;
  int asked = 0, lost_at = 0;  // whether it leads: the number of the question that gets a no
};

// What a pass that nothing disturbs leaves.
std::string Undisturbed() {
  Fixture mesh;
  mesh.Change();
  BOOST_TEST(mesh.Reconcile().ok());
  return mesh.Written();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mesh_steps)

// A pass of a thousand writes may take minutes; what tells that it does not hang is each write.
BOOST_AUTO_TEST_CASE(each_write_of_a_pass_is_a_step_of_its_own) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.SeedTap("b", "payments");
  mesh.SeedDestination("bus", "kafka:9092");
  const std::vector<size_t> applied = {0, 1, 2};  // two patches, and a destination's status
  BOOST_TEST(mesh.Run() == applied, boost::test_tools::per_element());
  BOOST_TEST(mesh.kube.writes().size() == 3u);
  mesh.kube.Purge(kube::kTrafficTaps, {"shop", "a"});
  const std::vector<size_t> deleted = {0};
  BOOST_TEST(mesh.Run() == deleted, boost::test_tools::per_element());
  BOOST_TEST(mesh.Run().empty());
}

BOOST_AUTO_TEST_CASE(istiods_are_asked_for_their_pushes_before_a_patch_is_written) {
  Fixture mesh;
  mesh.SeedTap("a", "cart");
  mesh.SeedTap("b", "payments");
  BOOST_TEST(mesh.Run().size() == 2u);
  BOOST_TEST(mesh.asked_pushes_before == std::vector<size_t>{0}, boost::test_tools::per_element());
  mesh.Run();  // writes nothing
  BOOST_TEST(mesh.asked_pushes_before.size() == 1u);
  istiod::ProxySync sync{true, mesh.clock.Wall(), "", "10.0.0.1:15014"};
  for (const uint64_t number : {5, 6}) {
    sync.push = istiod::PushVersion{0, number};
    mesh.board.SetProxies({{"cart-0.shop", sync}}, mesh.clock.Wall() + base::kSecond);
    BOOST_TEST(mesh.board.Find("shop/a")->proxies.acknowledged == number - 5);
  }
}

BOOST_AUTO_TEST_CASE(in_a_long_pass_istiods_are_asked_again_and_again) {
  Fixture mesh;
  mesh.step_takes = base::kSecond;
  mesh.SeedTap("a", "cart");
  mesh.SeedTap("b", "payments");
  mesh.Run();
  const std::vector<size_t> before_each = {0, 1};
  BOOST_TEST(mesh.asked_pushes_before == before_each, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    a_pass_that_is_cut_off_before_any_of_its_writes_is_made_whole_by_the_next_one) {
  const std::string whole = Undisturbed();
  int cuts = 0;
  for (;; ++cuts) {
    Fixture mesh;
    mesh.Change();
    mesh.lost_at = mesh.asked + cuts + 1;
    const Status status = mesh.Reconcile();
    if (status.ok()) break;
    BOOST_TEST_CONTEXT("before write " << cuts) {
      BOOST_TEST(absl::IsAborted(status));
      BOOST_TEST(!mesh.kube.All(kube::kEnvoyFilters).empty());
      BOOST_TEST(mesh.Reconcile().ok());
      BOOST_TEST(mesh.Written() == whole);
    }
  }
  BOOST_TEST(cuts == 2);  // the new patch and the old one
}

BOOST_AUTO_TEST_CASE(any_write_that_fails_once_is_made_up_for_by_the_next_pass) {
  const std::string whole = Undisturbed();
  const std::vector<std::pair<std::string, kube::Resource>> writes = {
      {"apply", kube::kEnvoyFilters},
      {"delete", kube::kEnvoyFilters},
      {"apply_status", kube::kTapDestinations}};
  for (const auto& [verb, resource] : writes) {
    BOOST_TEST_CONTEXT(verb << " of " << resource.Name()) {
      Fixture mesh;
      mesh.Change();
      mesh.kube.Fail(verb, resource, absl::UnavailableError("away"));
      // Of a status that was not written the log tells; no tap depends on it.
      BOOST_TEST(mesh.Reconcile().ok() == (verb == "apply_status"));
      BOOST_TEST(mesh.Written() != whole);
      BOOST_TEST(mesh.Reconcile().ok());
      BOOST_TEST(mesh.Written() == whole);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
