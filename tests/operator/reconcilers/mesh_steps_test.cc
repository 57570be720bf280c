// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
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
    ports.next_step = [this] { written_before.push_back(kube.writes().size()); };
    ports.kube = &kube;
    ports.board = &board;
    ports.peers = &peers;
    ports.clock = &clock;
    reconciler = std::make_unique<reconcilers::MeshReconciler>(mesh::Installation(), ports);
  }

  // How many writes there were before each step of a pass.
  std::vector<size_t> Run() {
    kube.ClearWrites();
    written_before.clear();
    BOOST_TEST(reconciler->Reconcile({"", "mesh"}).ok());
    return written_before;
  }

  reconcilers::PeerLedger peers{&clock};
  std::unique_ptr<reconcilers::MeshReconciler> reconciler;
  std::vector<size_t> written_before;
};

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
