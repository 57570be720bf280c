// SPDX-License-Identifier: Apache-2.0

// Faults with transactions, on the simulated clock and cluster of faults_test.cc: who reads only what was committed
// sees each record once, whatever happens.
#include <boost/test/unit_test.hpp>

#include "pipeline/seeds.h"
#include "shuffle/mesh_judge.h"
#include "shuffle/simulated_mesh.h"

namespace traffictap {

using base::kSecond;
using simulation::MeshJudge;
using simulation::SimulatedMesh;

namespace {

constexpr uint64_t kSeeds = 3;

void ForSeeds(const std::function<void(SimulatedMesh&)>& run) {
  const simulation::Silence silence({"shuffle"});
  simulation::ForSeeds("SHUFFLE", kSeeds, [&](uint64_t seed) {
    SimulatedMesh mesh({.seed = seed, .transactions = true});
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    run(mesh);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
  });
}

uint64_t Aborted(SimulatedMesh& mesh, size_t pairers) {
  uint64_t out = 0;
  for (size_t i = 0; i < pairers; ++i) out += mesh.pairer(i).state().transactions_aborted;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shuffle_transactions)

BOOST_AUTO_TEST_CASE(without_a_fault_nothing_is_aborted_and_records_come_within_a_second) {
  ForSeeds([](SimulatedMesh& mesh) {
    mesh.Run(7 * kSecond);
    BOOST_TEST(Aborted(mesh, 3) == 0u);
    BOOST_TEST(MeshJudge(mesh).Delay(0, mesh.now() - 2 * kSecond) < 1500 * base::kMillisecond);
  });
}

BOOST_AUTO_TEST_CASE(killed_pairers_repeat_and_lose_nothing) {
  ForSeeds([](SimulatedMesh& mesh) {
    for (size_t i = 0; i < 3; ++i) {
      mesh.KillPairer(i);
      mesh.RunAWhile();
      mesh.StartPairer();
      mesh.Run(12 * kSecond);
    }
  });
}

BOOST_AUTO_TEST_CASE(orderly_changes_abort_nothing) {
  ForSeeds([](SimulatedMesh& mesh) {
    mesh.StartPairer();
    for (size_t i = 0; i < 4; ++i) {
      mesh.RunAWhile();
      mesh.StopPairer(i);
      mesh.RunAWhile(kSecond);
      mesh.StartPairer();
    }
    mesh.Run(3 * kSecond);
    BOOST_TEST(Aborted(mesh, 8) == 0u);
  });
}

BOOST_AUTO_TEST_CASE(a_pairer_that_stood_still_commits_nothing_and_comes_back) {
  ForSeeds([](SimulatedMesh& mesh) {
    mesh.pairer(0).frozen_until = mesh.now() + 60 * kSecond;
    mesh.Run(70 * kSecond);
    BOOST_TEST(mesh.pairer(0).state().partitions > 0u);
  });
}

// By half of them the broker has done what was asked, and only its answer did not come.
BOOST_AUTO_TEST_CASE(commits_that_fail_lead_back_to_what_the_group_has) {
  ForSeeds([](SimulatedMesh& mesh) {
    mesh.cluster().FailCommits(0.4, mesh.chance().Roll(1'000'000));
    mesh.Run(30 * kSecond);
    mesh.KillPairer(1);
    mesh.Run(20 * kSecond);
    BOOST_TEST(mesh.cluster().failed_commits > 0);
    BOOST_TEST(Aborted(mesh, 3) > 0u);
    mesh.cluster().FailCommits(0, 1);
  });
}

BOOST_AUTO_TEST_CASE(brokers_that_are_away_cost_and_repeat_nothing) {
  for (const base::Nanos away : {8 * kSecond, 25 * kSecond}) {
    ForSeeds([&](SimulatedMesh& mesh) {
      mesh.cluster().SetAway(true);
      mesh.Run(away);
      mesh.cluster().SetAway(false);
      mesh.Run(5 * kSecond);
    });
  }
}

BOOST_AUTO_TEST_CASE(another_output_that_hangs_delays_one_transaction) {
  ForSeeds([](SimulatedMesh& mesh) {
    mesh.pairer(0).output_hangs = true;
    const base::Nanos hangs = mesh.now();
    mesh.Run(15 * kSecond);
    BOOST_TEST(MeshJudge(mesh).Delay(hangs + 7 * kSecond, mesh.now() - 2 * kSecond) < 2 * kSecond);
    BOOST_TEST(Aborted(mesh, 3) == 0u);
    mesh.pairer(0).output_hangs = false;
    mesh.Run(3 * kSecond);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
