// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/leader_election.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using controller::LeaderElector;

struct Rig {
  controller::LeaderElectionOptions Options(const std::string& identity) {
    return {.ns = "traffictap-system", .name = "operator", .identity = identity};
  }
  std::string Holder() {
    const auto lease = client.Get(kube::kLeases, {"traffictap-system", "operator"}, {});
    return lease.ok() ? lease->Text("/spec/holderIdentity") : "none";
  }
  int64_t Transitions() {
    return client.Get(kube::kLeases, {"traffictap-system", "operator"}, {})
        ->Find("/spec/leaseTransitions")
        ->get<int64_t>();
  }

  fakes::FakeKubeClient client;
  fakes::ManualClock clock;
  LeaderElector a{&client, Options("a"), &clock};
  LeaderElector b{&client, Options("b"), &clock};
};

const Status kDown = absl::UnavailableError("down");

BOOST_AUTO_TEST_SUITE(leader_election)

BOOST_AUTO_TEST_CASE(the_first_wins_and_the_other_waits) {
  Rig rig;
  BOOST_TEST(rig.a.TryAcquireOrRenew());
  BOOST_TEST(!rig.b.TryAcquireOrRenew());
  BOOST_TEST(rig.a.leading());
  BOOST_TEST(!rig.b.leading());
  BOOST_TEST(rig.Holder() == "a");
}

BOOST_AUTO_TEST_CASE(a_lease_that_is_renewed_never_runs_out) {
  Rig rig;
  for (int i = 0; i < 60; ++i) {
    BOOST_TEST(rig.a.TryAcquireOrRenew());
    BOOST_TEST(!rig.b.TryAcquireOrRenew());
    rig.clock.Advance(2 * base::kSecond);
  }
  BOOST_TEST(rig.Transitions() == 0);
}

BOOST_AUTO_TEST_CASE(another_takes_over_15_s_after_it_last_saw_a_renewal) {
  Rig rig;
  rig.a.TryAcquireOrRenew();
  rig.b.TryAcquireOrRenew();
  rig.clock.Advance(15 * base::kSecond - 1);
  BOOST_TEST(!rig.b.TryAcquireOrRenew());
  rig.clock.Advance(1);
  BOOST_TEST(rig.b.TryAcquireOrRenew());
  BOOST_TEST(rig.Holder() == "b");
  BOOST_TEST(rig.Transitions() == 1);
  BOOST_TEST(!rig.a.TryAcquireOrRenew());
}

BOOST_AUTO_TEST_CASE(clocks_that_differ_do_not_matter) {
  Rig rig;
  rig.a.TryAcquireOrRenew();
  rig.clock.JumpWall(3600 * base::kSecond);
  BOOST_TEST(!rig.b.TryAcquireOrRenew());
  rig.clock.JumpWall(-7200 * base::kSecond);
  BOOST_TEST(!rig.b.TryAcquireOrRenew());
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_cut_off_stops_by_itself_after_10_s) {
  Rig rig;
  rig.a.TryAcquireOrRenew();
  rig.client.Fail("get", kube::kLeases, kDown, 100);
  rig.clock.Advance(10 * base::kSecond - 1);
  rig.a.TryAcquireOrRenew();
  BOOST_TEST(rig.a.leading());
  rig.clock.Advance(1);
  BOOST_TEST(!rig.a.leading());
  rig.client.Heal();
  BOOST_TEST(rig.a.TryAcquireOrRenew());
  BOOST_TEST(rig.a.leading());
}

BOOST_AUTO_TEST_CASE(between_two_tries_it_waits_and_hangs_in_no_step) {
  Rig rig;
  rig.client.Fail("get", kube::kLeases, kDown, 100);
  std::stop_source stop;
  int waits = 0;
  base::Nanos longest = 0;
  const LeaderElector* self = nullptr;
  auto options = rig.Options("c");
  options.wait = [&](base::Nanos wait, const std::stop_token&) {
    rig.clock.Advance(wait);
    longest = std::max(longest, self->loop().step);
    if (++waits == 10) stop.request_stop();
    return true;
  };
  LeaderElector elector(&rig.client, options, &rig.clock);
  self = &elector;
  elector.Run(stop.get_token(), [](const std::stop_token&) {});
  BOOST_TEST(waits == 10);
  BOOST_TEST(longest == 0);
}

BOOST_AUTO_TEST_CASE(of_two_who_write_at_once_one_is_refused) {
  Rig rig;
  rig.a.TryAcquireOrRenew();
  rig.b.TryAcquireOrRenew();
  rig.clock.Advance(20 * base::kSecond);
  // Both have read the old lease; the server takes one of the two writes.
  rig.b.TryAcquireOrRenew();
  rig.client.Fail("update", kube::kLeases,
                  kube::ToStatus({409, "Conflict", "", "", std::nullopt}, "update", "lease"));
  BOOST_TEST(!rig.b.TryAcquireOrRenew());
  BOOST_TEST(rig.Holder() == "b");
}

BOOST_AUTO_TEST_CASE(a_lease_that_was_deleted_or_given_back_is_free_at_once) {
  Rig rig;
  rig.a.TryAcquireOrRenew();
  rig.b.TryAcquireOrRenew();
  rig.client.Purge(kube::kLeases, {"traffictap-system", "operator"});
  BOOST_TEST(rig.b.TryAcquireOrRenew());
  rig.b.Release();
  BOOST_TEST(!rig.b.leading());
  BOOST_TEST(rig.Holder() == "");
  BOOST_TEST(rig.a.TryAcquireOrRenew());
}

// Runs an elector until `ticks` waits have passed; `on_tick` is called before each.
std::string RunFor(Rig& rig, int ticks, const std::function<void(int)>& on_tick) {
  std::stop_source stop;
  std::string told;
  absl::Mutex mutex;
  auto options = rig.Options("a");
  int tick = 0;
  options.wait = [&](base::Nanos wait, const std::stop_token& token) {
    if (tick == ticks) stop.request_stop();
    on_tick(tick++);
    rig.clock.Advance(wait);
    return !token.stop_requested();
  };
  LeaderElector elector(&rig.client, options, &rig.clock);
  elector.Run(stop.get_token(), [&](const std::stop_token& token) {
    {
      absl::MutexLock lock(&mutex);
      told += "start ";
    }
    controller::WaitOnClock(3600 * base::kSecond, token);
    absl::MutexLock lock(&mutex);
    told += "stop ";
  });
  return told;
}

BOOST_AUTO_TEST_CASE(run_works_while_it_leads_and_gives_the_lease_back) {
  Rig rig;
  BOOST_TEST(RunFor(rig, 30, [](int) {}) == "start stop ");
  BOOST_TEST(rig.Holder() == "");
}

BOOST_AUTO_TEST_CASE(run_stops_the_work_when_the_lease_is_lost_and_takes_it_up_again) {
  Rig rig;
  const auto told = RunFor(rig, 40, [&rig](int tick) {
    if (tick == 3) rig.client.Fail("get", kube::kLeases, kDown, 8);
  });
  BOOST_TEST(told == "start stop start stop ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
