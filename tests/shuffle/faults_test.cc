// SPDX-License-Identifier: Apache-2.0

// The table of faults of docs/reliability.md, section Scale-out, on a simulated clock and cluster: each with the figure
// that must hold, at moments that are drawn from a seed. SHUFFLE_SEED=17 runs one again, SHUFFLE_SEEDS=200 searches longer.
#include <boost/test/unit_test.hpp>

#include "pipeline/seeds.h"
#include "shuffle/mesh_judge.h"
#include "shuffle/simulated_mesh.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using simulation::MeshJudge;
using simulation::MeshOptions;
using simulation::SimulatedMesh;

namespace {

constexpr uint64_t kSeeds = 3;
constexpr uint64_t kSeedsOfMinutes = 1;  // where minutes are simulated
// A checkpoint's interval, and what an output is behind and a step adds.
constexpr base::Nanos kRepeatedMax = 1500 * kMillisecond;
// A session, and until partitions are given anew and read to their end.
constexpr base::Nanos kAwayMax = 12 * kSecond;

void ForSeeds(uint64_t seeds, const std::function<void(MeshOptions)>& run) {
  const simulation::Silence silence({"shuffle"});
  simulation::ForSeeds("SHUFFLE", seeds, [&](uint64_t seed) { run({.seed = seed}); });
}

// Only records since `from` came twice.
void CheckRepeated(const MeshJudge& judge, base::Nanos from) {
  for (const base::Nanos made : judge.Repeated()) BOOST_TEST(made >= from);
}

// Of a request that was tried twice, a client and one server are no orphan.
bool IsAlone(const simulation::Written& record) {
  return record.line.starts_with(':') || record.line.ends_with(':');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shuffle_faults)

BOOST_AUTO_TEST_CASE(without_a_fault_every_request_comes_out_once_and_whole) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(10 * kSecond);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    const MeshJudge judge(mesh);
    BOOST_TEST(judge.halves_in_log() > 500u);
    BOOST_TEST(judge.Delay(0, mesh.now()) < kSecond);
  });
}

BOOST_AUTO_TEST_CASE(a_killed_pairer_loses_nothing_and_repeats_no_more_than_a_checkpoint_interval) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    mesh.KillPairer(1);
    const base::Nanos killed = mesh.now();
    mesh.Run(15 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    CheckRepeated(judge, killed - kRepeatedMax);
    BOOST_TEST(judge.Delay(0, mesh.now()) < kAwayMax);
    // The others went on until its session ended. What may have come again came later.
    BOOST_TEST(judge.Delay(0, killed - kRepeatedMax) < kSecond);
  });
}

BOOST_AUTO_TEST_CASE(
    pairers_that_are_all_away_for_ten_minutes_change_no_record_and_need_no_more_memory) {
  ForSeeds(kSeedsOfMinutes, [](MeshOptions options) {
    options.pairers = 2;
    SimulatedMesh mesh(options);
    mesh.Run(30 * kSecond);
    for (size_t i = 0; i < 2; ++i) mesh.KillPairer(i);
    const base::Nanos killed = mesh.now();
    mesh.Run(600 * kSecond);
    for (size_t i = 0; i < 2; ++i) mesh.StartPairer();
    mesh.Run(5 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    BOOST_TEST(judge.Torn().empty());
    CheckRepeated(judge, killed - kRepeatedMax);
    const auto most = [&](size_t first) {
      return mesh.pairer(first).waiting_most + mesh.pairer(first + 1).waiting_most;
    };
    BOOST_TEST(most(2) <= most(0) + most(0) / 2, most(0) << " bytes before, then " << most(2));
  });
}

BOOST_AUTO_TEST_CASE(orderly_changes_lose_and_repeat_nothing_and_pause_for_less_than_five_seconds) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    // One more, each restarted in turn, two less.
    mesh.StartPairer();
    for (size_t i = 0; i < 4; ++i) {
      mesh.RunAWhile();
      mesh.StopPairer(i);
      mesh.RunAWhile(kSecond);
      mesh.StartPairer();
    }
    mesh.RunAWhile();
    mesh.StopPairer(4);
    mesh.StopPairer(5);
    mesh.Run(3 * kSecond);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    BOOST_TEST(MeshJudge(mesh).Delay(0, mesh.now()) < 5 * kSecond);
  });
}

BOOST_AUTO_TEST_CASE(a_storm_of_changes_repeats_only_what_kills_repeat_and_is_soon_over) {
  ForSeeds(kSeedsOfMinutes, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    std::vector<base::Nanos> killed;
    size_t oldest = 0;
    for (int i = 0; i < 36; ++i) {
      mesh.Run(5 * kSecond);
      if (i % 2 == 0) {
        mesh.StartPairer();
      } else if (i % 6 == 5) {
        killed.push_back(mesh.now());
        mesh.KillPairer(oldest++);
      } else {
        mesh.StopPairer(oldest++);
      }
    }
    const base::Nanos over = mesh.now();
    mesh.Run(70 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    for (const base::Nanos made : judge.Repeated()) {
      const bool of_a_kill = std::ranges::any_of(
          killed, [&](base::Nanos at) { return made >= at - kRepeatedMax && made <= at; });
      BOOST_TEST(of_a_kill, "made " << made);
    }
    BOOST_TEST(judge.Delay(over + 60 * kSecond, mesh.now()) < 10 * kSecond);
  });
}

BOOST_AUTO_TEST_CASE(a_removed_tap_gets_what_was_written_for_it_though_its_pairers_are_behind) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    for (size_t i = 0; i < 3; ++i) mesh.pairer(i).frozen_until = mesh.now() + 8 * kSecond;
    mesh.Run(7 * kSecond);
    mesh.RemoveTap();
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    for (size_t i = 0; i < 3; ++i) BOOST_TEST(!mesh.pairer(i).has_tap());
  });
}

BOOST_AUTO_TEST_CASE(a_removed_tap_gets_what_a_pairer_that_dies_meanwhile_has_not_read) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    const base::Nanos killed = mesh.now();
    mesh.KillPairer(0);
    mesh.RemoveTap();
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    CheckRepeated(judge, killed - kRepeatedMax);
    for (size_t i = 1; i < 3; ++i) BOOST_TEST(!mesh.pairer(i).has_tap());
    // What comes from now on is of no tap any more.
    const uint64_t filtered = mesh.Books().filtered;
    mesh.Run(2 * kSecond);
    mesh.Settle();
    BOOST_TEST(filtered == 0u);
    BOOST_TEST(mesh.Books().filtered > 50u);
  });
}

// It goes on where it stood, on partitions that others have by then: what it commits is refused.
BOOST_AUTO_TEST_CASE(a_pairer_that_stood_still_for_a_minute_commits_nothing_and_comes_back) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    const base::Nanos frozen = mesh.now();
    mesh.pairer(0).frozen_until = frozen + 60 * kSecond;
    mesh.Run(70 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    const base::Nanos notice = simulation::SimulatedMemberLog::kNotice + SimulatedMesh::kStep;
    for (const base::Nanos made : judge.Repeated()) {
      // By the others, what it had not saved; by itself, until it heard that it was out.
      BOOST_TEST(made >= frozen - kRepeatedMax);
      BOOST_TEST(made <= frozen + 60 * kSecond + notice);
    }
    BOOST_TEST(mesh.cluster().refused_commits > 0);
    BOOST_TEST(mesh.pairer(0).state().partitions > 0u);
  });
}

BOOST_AUTO_TEST_CASE(a_killed_receiver_loses_what_the_log_had_not_and_the_other_halves_say_so) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(5 * kSecond);
    mesh.RunAWhile();
    const base::Nanos killed = mesh.now();
    mesh.KillReceiver(0);
    mesh.StartReceiver();
    mesh.Run(40 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckAll();
    BOOST_TEST(judge.Repeated().empty());
    const auto missing = judge.Missing();
    // Linger, a turn, and until it is appended, of some eighty halves a second.
    BOOST_TEST(missing.size() <= 25u);
    for (const auto& exchange : mesh.exchanges()) {
      const bool hit = std::ranges::any_of(
          exchange.tags, [&](const std::string& tag) { return missing.contains(tag); });
      if (!hit) continue;
      BOOST_TEST(exchange.last >= killed - 200 * kMillisecond);
      BOOST_TEST(exchange.last <= killed + 400 * kMillisecond);
    }
    for (const auto& torn : judge.Torn()) {
      // The second attempt of a request without its client comes after the first one was told.
      const bool second = torn.exchange->tags.size() == 3 &&
                          torn.record->reason == traffic::OrphanReason::kLateBeyondWindow;
      const bool said = torn.record->reason == traffic::OrphanReason::kLostInBuffer || second;
      if (IsAlone(*torn.record)) BOOST_TEST(said, torn.record->line);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_receiver_that_is_cut_off_for_twenty_seconds_tears_no_request) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(5 * kSecond);
    mesh.receiver(1).outlet.cut = true;
    mesh.Run(20 * kSecond);
    mesh.receiver(1).outlet.cut = false;
    mesh.Run(3 * kSecond);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
  });
}

// The others do not wait longer than half a minute: then what it has comes late, and is said to.
BOOST_AUTO_TEST_CASE(what_a_receiver_held_for_longer_than_half_a_minute_is_late_and_said_to_be) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(5 * kSecond);
    const base::Nanos cut = mesh.now();
    mesh.receiver(1).outlet.cut = true;
    mesh.Run(40 * kSecond);
    mesh.receiver(1).outlet.cut = false;
    mesh.Run(3 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckWhole(true);
    judge.CheckAsOfOne();
    judge.CheckBooks();
    BOOST_TEST(judge.Missing().empty());
    size_t late = 0;
    for (const auto& torn : judge.Torn()) {
      const auto reason = torn.record->reason;
      late += reason == traffic::OrphanReason::kLateBeyondWindow ? 1 : 0;
      const bool said = reason == traffic::OrphanReason::kLateBeyondWindow ||
                        reason == traffic::OrphanReason::kLostInBuffer || !IsAlone(*torn.record);
      // Whoever came a window after it was found to be dead does not blame it.
      if (torn.exchange->last < cut + 34 * kSecond) BOOST_TEST(said, torn.record->line);
      // No request of before, and none of after.
      BOOST_TEST(torn.exchange->last >= cut - kSecond);
      BOOST_TEST(torn.exchange->last <= cut + 41 * kSecond);
    }
    BOOST_TEST(late > 0u);
  });
}

BOOST_AUTO_TEST_CASE(a_receivers_wall_clock_is_in_nothing_that_it_writes) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    const auto log = [&](base::Nanos jump) {
      SimulatedMesh mesh(options);
      mesh.Run(2 * kSecond);
      mesh.receiver(0).clock.JumpWall(jump);
      mesh.Run(5 * kSecond);
      mesh.Settle();
      std::vector<std::string> out;
      for (const auto& partition : mesh.cluster().partitions()) {
        for (const auto& message : partition.messages) out.push_back(message.bytes);
      }
      return out;
    };
    const auto right = log(0);
    BOOST_TEST(right.size() > 500u);
    for (const int hours : {-1, 1}) BOOST_TEST((log(hours * 3600 * kSecond) == right));
  });
}

BOOST_AUTO_TEST_CASE(brokers_that_are_away_for_eight_seconds_cost_no_half) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    mesh.cluster().SetAway(true);
    mesh.Run(8 * kSecond);
    mesh.cluster().SetAway(false);
    mesh.Run(5 * kSecond);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    BOOST_TEST(MeshJudge(mesh).Missing().empty());
  });
}

BOOST_AUTO_TEST_CASE(
    brokers_that_are_away_for_a_minute_cost_what_the_queues_of_full_receivers_drop) {
  ForSeeds(kSeeds, [](MeshOptions options) {
    options.bytes_max = 20'000;
    SimulatedMesh mesh(options);
    mesh.Run(5 * kSecond);
    const base::Nanos away = mesh.now();
    mesh.cluster().SetAway(true);
    mesh.Run(60 * kSecond);
    mesh.cluster().SetAway(false);
    mesh.Run(5 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    judge.CheckWhole(true);
    judge.CheckAsOfOne();
    judge.CheckBooks();
    // Everybody's session has ended meanwhile, and what was not saved was made before.
    CheckRepeated(judge, away - kRepeatedMax);
    for (const base::Nanos made : judge.Repeated()) BOOST_TEST(made <= away);
    const uint64_t dropped = mesh.receiver(0).queue_full + mesh.receiver(1).queue_full;
    BOOST_TEST(dropped > 100u);
    BOOST_TEST(judge.Missing().size() == dropped);
  });
}

BOOST_AUTO_TEST_CASE(what_goes_out_again_by_another_producer_is_neither_lost_nor_there_twice) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    uint64_t resent = 0;
    for (int i = 0; i < 20; ++i) {
      mesh.RunAWhile(kSecond);
      mesh.receiver(0).outlet.Renew();
    }
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    resent = mesh.receiver(0).outlet.counters().resent;
    BOOST_TEST(resent > 0u);
    BOOST_TEST(mesh.Books().repeated > 0u);
    BOOST_TEST(mesh.Books().repeated <= resent);
  });
}

// Three owners after the first one die of it, the last of them with its name in the log; the next one passes it over.
BOOST_AUTO_TEST_CASE(a_block_that_crashes_its_pairer_is_skipped_within_a_minute_and_counted) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.restart = true;
    mesh.Run(3 * kSecond);
    mesh.RunAWhile();
    const base::Nanos begin = mesh.now();
    mesh.WritePoison(1);
    mesh.Run(70 * kSecond);
    mesh.Settle();
    BOOST_TEST(mesh.crashes == 4u);
    const auto books = mesh.Books();
    BOOST_TEST(books.skipped_blocks == 1u);
    const MeshJudge judge(mesh);
    judge.CheckWhole();
    judge.CheckAsOfOne();
    judge.CheckBooks(1);
    BOOST_TEST(judge.Torn().empty());
    CheckRepeated(judge, begin - kRepeatedMax);
    BOOST_TEST(judge.Delay(0, mesh.now()) < 60 * kSecond);
    for (const auto& partition : mesh.cluster().partitions()) {
      BOOST_TEST((partition.committed.guard == shuffle::CrashGuard()));
    }
  });
}

BOOST_AUTO_TEST_CASE(what_retention_took_before_it_was_read_is_counted_to_the_half) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(10 * kSecond);
    for (size_t i = 0; i < 3; ++i) mesh.KillPairer(i);
    mesh.Run(60 * kSecond);
    mesh.cluster().Expire(mesh.now() - 20 * kSecond);
    for (size_t i = 0; i < 3; ++i) mesh.StartPairer();
    mesh.Run(5 * kSecond);
    mesh.Settle();
    const MeshJudge judge(mesh);
    std::set<std::string> told;
    for (const auto& written : mesh.written())
      told.insert(written.tags.begin(), written.tags.end());
    const auto books = mesh.Books();
    BOOST_TEST(books.lost > 500u);
    judge.CheckBooks(books.lost);
    // What is in no record is what the books call lost, but for what an output had when its pairer was killed.
    const uint64_t silent = judge.halves_in_log() - told.size();
    BOOST_TEST(books.lost >= silent);
    BOOST_TEST(books.lost - silent < 200u);
  });
}

BOOST_AUTO_TEST_CASE(
    an_output_that_hangs_delays_no_other_pairer_and_holds_checkpoints_for_ten_seconds) {
  ForSeeds(kSeeds, [](const MeshOptions& options) {
    SimulatedMesh mesh(options);
    mesh.Run(5 * kSecond);
    const auto before = mesh.pairer(0).state();
    mesh.pairer(0).output_hangs = true;
    mesh.Run(9 * kSecond);
    BOOST_TEST(mesh.pairer(0).state().checkpoints <= before.checkpoints + before.partitions);
    mesh.Run(4 * kSecond);
    BOOST_TEST(mesh.pairer(0).state().checkpoints > before.checkpoints);
    mesh.pairer(0).output_hangs = false;
    mesh.Run(3 * kSecond);
    mesh.Settle();
    CheckOnceAndWhole(mesh);
    BOOST_TEST(MeshJudge(mesh).Delay(0, mesh.now()) < kSecond);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
