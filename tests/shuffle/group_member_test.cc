// SPDX-License-Identifier: Apache-2.0
#include "shuffle/group_member.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "shuffle/group_member_fixture.h"
#include "shuffle/raw_block.h"
#include "shuffle/sample_keys.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

BOOST_FIXTURE_TEST_SUITE(group_member, GroupMemberTest)

BOOST_AUTO_TEST_CASE(a_member_reads_from_the_begin_joins_and_says_how_far_it_is) {
  Pairer one(this);
  one.log.Assign({0, 1});
  WritePair("a", kSecond);
  Silence(20 * kSecond);
  one.Turn();
  BOOST_TEST(Clients(one) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  const auto state = one.member.state();
  BOOST_TEST(state.joined);
  BOOST_TEST(state.trouble.ok());
  BOOST_TEST(state.partitions == 2u);
  BOOST_TEST(state.counters.received == 2u);
  BOOST_TEST(state.joins.pairs == 1u);
  BOOST_TEST(state.joins.kept == 2u);
  BOOST_TEST(state.behind == 0u);
  BOOST_TEST(Committed() == -1);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 3);
  BOOST_TEST(one.member.state().checkpoints == 1u);  // of the partition that had something
}

BOOST_AUTO_TEST_CASE(a_turn_ends_after_half_a_second_though_more_is_there) {
  Pairer one(this);
  one.log.Assign({0});
  one.Turn();
  for (int i = 0; i < 7; ++i) Write(Side(fakes::EntryBuilder::Client(), "a"), kSecond + i);
  block_takes = 200 * kMillisecond;
  one.Turn();
  BOOST_TEST(one.member.state().counters.blocks == 3u);
  one.Turn();
  BOOST_TEST(one.member.state().counters.blocks == 6u);
}

BOOST_AUTO_TEST_CASE(offsets_are_committed_once_the_outputs_have_the_records_of_before) {
  Pairer one(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  outputs["file"] = {5, 3};
  one.Turn();
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == -1);
  // More that is offered later is not waited for.
  outputs["file"] = {9, 4};
  one.Turn();
  BOOST_TEST(Committed() == -1);
  outputs["file"] = {9, 5};
  one.Turn();
  BOOST_TEST(Committed() == 2);
}

BOOST_AUTO_TEST_CASE(an_output_in_trouble_holds_a_checkpoint_back_for_a_while_only) {
  Pairer one(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  outputs["file"] = {5, 3};
  one.Turn();
  clock.Advance(kSecond);
  one.Turn();
  clock.Advance(9 * kSecond);
  one.Turn();
  BOOST_TEST(Committed() == -1);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 2);
}

BOOST_AUTO_TEST_CASE(an_orderly_change_loses_nothing_and_repeats_nothing) {
  Pairer one(this), two(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  Write(Side(fakes::EntryBuilder::Client(), "b"), 2 * kSecond);
  one.Turn();
  one.log.Revoke(false);
  one.Turn();
  BOOST_TEST(one.log.releases == 1);
  BOOST_TEST(one.member.state().partitions == 0u);
  BOOST_TEST(Committed() == 3);
  Write(Side(fakes::EntryBuilder::Server(), "b"), 2500 * kMillisecond);
  Silence(20 * kSecond);
  two.log.Assign({0});
  two.Turn();
  BOOST_TEST(Clients(one) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  BOOST_TEST(Clients(two) == std::vector<std::string>{"b"}, boost::test_tools::per_element());
  BOOST_TEST(two.collected.emitted[0].servers.size() == 1u);
  // Counters of joins are a process's own; those of a partition move with it.
  BOOST_TEST(one.member.state().joins.pairs == 1u);
  BOOST_TEST(two.member.state().joins.pairs == 1u);
  BOOST_TEST(two.member.state().counters.received == 4u);
  for (const auto* pairer : {&one, &two}) {
    const auto joins = pairer->member.state().joins;
    BOOST_TEST(joins.kept == 2 * joins.pairs + joins.waiting);
  }
}

BOOST_AUTO_TEST_CASE(a_member_that_stops_saves_what_it_has) {
  Pairer one(this), two(this);
  one.log.Assign({0});
  Write(Side(fakes::EntryBuilder::Client(), "a"), kSecond);
  one.Turn();
  one.member.Leave();
  BOOST_TEST(one.log.closed);
  BOOST_TEST(one.collected.emitted.empty());
  BOOST_TEST(Committed() == 1);
  Write(Side(fakes::EntryBuilder::Server(), "a"), 1500 * kMillisecond);
  Silence(20 * kSecond);
  two.log.Assign({0});
  two.Turn();
  BOOST_TEST(Clients(two) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  BOOST_TEST(two.collected.emitted[0].servers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_kill_repeats_what_came_since_the_last_checkpoint_and_loses_nothing) {
  Pairer one(this), two(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  Silence(7 * kSecond);
  one.Turn();
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 3);
  WritePair("b", 8 * kSecond);
  Silence(14 * kSecond);
  one.Turn();
  BOOST_TEST(Clients(one) == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  // Killed here. Whoever has the partition next goes on at the commit.
  two.log.Assign({0});
  WritePair("c", 15 * kSecond);
  Silence(30 * kSecond);
  two.Turn();
  BOOST_TEST(Clients(two) == (std::vector<std::string>{"b", "c"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(partitions_that_are_lost_are_not_saved) {
  Pairer one(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  one.Turn();
  one.log.Revoke(true);
  one.Turn();
  BOOST_TEST(one.log.saves == 0);
  BOOST_TEST(one.log.releases == 1);
  BOOST_TEST(Committed() == -1);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_was_not_saved_is_counted_and_made_again) {
  Pairer one(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  one.Turn();
  one.log.save_status = absl::UnavailableError("no broker");
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(one.member.state().checkpoints_failed == 1u);
  one.log.save_status = absl::OkStatus();
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 2);
}

BOOST_AUTO_TEST_CASE(a_block_of_a_newer_format_holds_its_partition_alone_and_is_named) {
  Pairer one(this);
  one.log.Assign({0, 1});
  const std::string header = shuffle::RawNumber(1, 3) + shuffle::RawBytes(3, "newer");
  topics.halves[0].push_back({SimulatedLog::kStart, shuffle::RawBlock(header, "")});
  Silence(kSecond, 1);
  one.Turn();
  const auto state = one.member.state();
  BOOST_TEST(state.partitions_held == 1u);
  BOOST_TEST(Message(state.trouble).find("partition 0 waits at offset 0") != std::string::npos,
             Message(state.trouble));
  BOOST_TEST(one.log.paused.contains(0));
  BOOST_TEST(!one.log.paused.contains(1));
  BOOST_TEST(state.counters.blocks == 1u);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed(0) == -1);
  BOOST_TEST(Committed(1) == 1);
}

BOOST_AUTO_TEST_CASE(a_block_whose_key_is_not_here_holds_its_partition_until_the_key_is) {
  fakes::TempDir dir;
  dir.Write("old", kKeyOfOnes);
  dir.Write("current", "old");
  reads = shuffle::BlockCipher::Open({"t", false}, dir.path().string(), &clock).value();
  writes = MakeCipher({"new", {{"new", std::string(32, '\2')}}}, false, "t");
  Pairer one(this);
  one.log.Assign({0, 1});
  WritePair("a", kSecond);
  writes = MakeCipher({"old", {{"old", std::string(32, '\1')}}}, false, "t");
  Silence(kSecond, 1);
  one.Turn();
  const auto state = one.member.state();
  BOOST_TEST(state.partitions_held == 1u);
  BOOST_TEST(Message(state.trouble).find("partition 0 waits at offset 0: ") == 0u,
             Message(state.trouble));
  BOOST_TEST(Message(state.trouble).find("key \"new\"") != std::string::npos);
  BOOST_TEST(one.log.paused.contains(0));
  BOOST_TEST(state.counters.blocks == 1u);
  // As the log does where it looks at the keys.
  dir.Write("new", kKeyOfTwos);
  clock.Advance(3 * kSecond);
  BOOST_REQUIRE(reads->Refresh());
  shuffle::LogEvent changed;
  changed.kind = shuffle::LogEvent::Kind::kRevoked;
  changed.failed = absl::UnavailableError("the keys of blocks have changed");
  one.log.events.push_back(changed);
  one.Turn();
  BOOST_TEST(Committed(1) == 1);  // what it had done is saved before
  clock.Advance(3 * kSecond);
  one.Turn();
  one.log.Assign({0, 1});
  one.Turn();
  BOOST_TEST(one.member.state().partitions_held == 0u);
  BOOST_TEST(one.member.state().trouble.ok());
  BOOST_TEST(Clients(one) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_lets_time_pass_where_blocks_are_encrypted_encrypts_as_well) {
  reads = writes = MakeCipher();
  Pairer one(this);
  one.log.Assign({0});
  Write(Side(fakes::EntryBuilder::Client(), "a"), kSecond);
  one.Turn();
  clock.Advance(1500 * kMillisecond);
  one.Turn();
  BOOST_REQUIRE(one.log.appended.size() == 1u);
  BOOST_TEST(shuffle::DecodeBlock(one.log.appended[0].second, MakeCipher().get()).ok());
}

BOOST_AUTO_TEST_CASE(a_takeover_is_noted_until_there_is_a_checkpoint) {
  Pairer one(this), two(this);
  one.log.Assign({0});
  WritePair("a", kSecond);
  one.Turn();
  BOOST_TEST(topics.guards[0].takeovers == 1u);
  two.log.Assign({0});
  two.Turn();
  BOOST_TEST(topics.guards[0].takeovers == 2u);
  clock.Advance(kSecond);
  two.Turn();
  BOOST_TEST(Committed() == 2);
  BOOST_TEST((topics.guards[0] == shuffle::CrashGuard()));
}

BOOST_AUTO_TEST_CASE(an_owner_that_goes_in_order_has_not_died_though_it_had_nothing_to_save) {
  Pairer one(this);
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(topics.guards[0].takeovers == 1u);
  one.log.Revoke(false);
  one.Turn();
  BOOST_TEST((topics.guards[0] == shuffle::CrashGuard()));
}

BOOST_AUTO_TEST_CASE(where_three_have_died_each_block_is_named_before_it_is_taken) {
  Pairer one(this);
  topics.guards[0].takeovers = shuffle::CrashGuard::kCarefulFrom - 1;
  WritePair("a", kSecond);
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == 0);
  BOOST_TEST(one.member.state().counters.received == 1u);
  // What comes after its start was seen by nobody before it.
  WritePair("b", 2 * kSecond);
  one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == 1);
  BOOST_TEST(one.member.state().counters.received == 2u);
  one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == shuffle::CrashGuard::kNone);
  BOOST_TEST(one.member.state().counters.received == 4u);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
  BOOST_TEST((topics.guards[0] == shuffle::CrashGuard()));
}

BOOST_AUTO_TEST_CASE(of_all_partitions_only_the_block_is_skipped_of_which_pairers_died) {
  Pairer one(this), two(this);
  for (const uint32_t at : {0u, 1u}) {
    topics.guards[at].takeovers = shuffle::CrashGuard::kCarefulFrom - 1;
  }
  WritePair("a", kSecond);
  Write(Side(fakes::EntryBuilder::Client(), "b"), kSecond, 1);
  one.log.Assign({0, 1});
  for (int turn = 0; turn < 3; ++turn) one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == shuffle::CrashGuard::kNone);
  BOOST_TEST(topics.guards[1].in_hand == 0);
  two.log.Assign({0, 1});  // `one` has died
  for (int turn = 0; turn < 4; ++turn) two.Turn();
  BOOST_TEST(two.member.state().counters.skipped_blocks == 1u);
  BOOST_TEST(two.member.state().counters.received == 2u);
}

BOOST_AUTO_TEST_CASE(
    a_named_block_that_waits_for_taps_is_not_in_hand_and_then_the_last_of_its_turn) {
  Pairer one(this);
  topics.guards[0].takeovers = shuffle::CrashGuard::kCarefulFrom - 1;
  WritePair("a", kSecond);
  waits = true;
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == shuffle::CrashGuard::kNone);
  waits = false;
  one.Turn();
  BOOST_TEST(topics.guards[0].in_hand == 0);
  BOOST_TEST(one.member.state().counters.received == 1u);
}

BOOST_AUTO_TEST_CASE(an_output_that_hangs_is_waited_for_once_by_named_blocks) {
  auto options = Options();
  options.careful_wait = 30 * kMillisecond;
  FakePairerLog log(&topics);
  fakes::CollectingConsumer collected;
  shuffle::GroupMember member(options, &log, &collected, &clock);
  topics.guards[0].takeovers = shuffle::CrashGuard::kCarefulFrom - 1;
  WritePair("a", kSecond);
  outputs["file"] = {1, 0};
  int looked = 0;
  progress = [&] { ++looked; };
  log.Assign({0});
  member.Turn(0);
  member.EndTurn();
  BOOST_TEST(looked >= 4);
  looked = 0;
  member.Turn(0);
  member.EndTurn();
  BOOST_TEST(member.state().counters.received == 2u);
  BOOST_TEST(looked <= 1);
}

BOOST_AUTO_TEST_CASE(a_named_block_waits_for_the_outputs_of_the_one_before) {
  Pairer one(this);
  topics.guards[0].takeovers = shuffle::CrashGuard::kCarefulFrom - 1;
  WritePair("a", kSecond);
  int looked = 0;
  outputs["file"] = {1, 0};
  progress = [&] {
    if (++looked == 3) outputs["file"].settled = 1;
  };
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(looked >= 3);
  BOOST_TEST(outputs["file"].settled == 1u);
}

BOOST_AUTO_TEST_CASE(the_block_that_was_in_hand_is_skipped_and_counted) {
  Pairer one(this), two(this);
  topics.guards[0] = {4, 1, {}};
  WritePair("a", kSecond);
  WritePair("b", 2 * kSecond);
  one.log.Assign({0});
  one.Turn();
  const auto state = one.member.state();
  BOOST_TEST(state.counters.skipped_blocks == 1u);
  BOOST_TEST(state.counters.received == 3u);
  BOOST_TEST(state.counters.lost == 1u);
  BOOST_TEST(Clients(one) == std::vector<std::string>{"b"}, boost::test_tools::per_element());
  // Until there is a checkpoint the commit keeps it, then that does.
  BOOST_TEST((topics.guards[0] == shuffle::CrashGuard{1, shuffle::CrashGuard::kNone, {1}}));
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST((topics.guards[0] == shuffle::CrashGuard()));
  two.log.Assign({0});
  two.Turn();
  BOOST_TEST(two.member.state().counters.skipped_blocks == 1u);
  BOOST_TEST(two.member.state().counters.received == 3u);
}

// A newer pairer has to read it.
BOOST_AUTO_TEST_CASE(a_block_of_a_newer_format_is_not_skipped_however_many_owners_die) {
  topics.guards[0].takeovers = shuffle::CrashGuard::kCarefulFrom;
  const std::string header = shuffle::RawNumber(1, 3) + shuffle::RawBytes(3, "newer");
  topics.halves[0].push_back({SimulatedLog::kStart, shuffle::RawBlock(header, "")});
  for (int owner = 0; owner < 5; ++owner) {
    Pairer one(this);
    one.log.Assign({0});
    one.Turn();
    BOOST_TEST(one.member.state().partitions_held == 1u);
    BOOST_TEST(one.member.state().counters.skipped_blocks == 0u);
  }
  BOOST_TEST(topics.guards[0].skipped.empty());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_log_is_named_and_tried_again) {
  Pairer one(this);
  one.log.open_status = absl::FailedPreconditionError("no such topic");
  one.Turn();
  BOOST_TEST(Message(one.member.state().trouble) == "no such topic");
  BOOST_TEST(!one.member.state().joined);
  one.log.open_status = absl::OkStatus();
  one.Turn();
  BOOST_TEST(one.log.opens == 1);
  clock.Advance(3 * kSecond);
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(one.member.state().trouble.ok());
  BOOST_TEST(one.member.state().joined);
}

BOOST_AUTO_TEST_CASE(a_commit_that_no_pairer_made_is_refused_and_nothing_is_read) {
  Pairer one(this);
  topics.committed[0] = {1, "somebody else's"};
  WritePair("a", kSecond);
  one.log.Assign({0});
  one.Turn();
  BOOST_TEST(one.log.closed);
  BOOST_TEST(one.collected.emitted.empty());
  BOOST_TEST(Message(one.member.state().trouble).find("partition 0: checkpoint") !=
             std::string::npos);
  BOOST_TEST(Committed() == 1);
}

BOOST_AUTO_TEST_CASE(where_nobody_writes_and_something_waits_the_owner_lets_time_pass) {
  Pairer one(this);
  one.log.Assign({0, 1});
  Write(Side(fakes::EntryBuilder::Client(), "a"), kSecond);
  Silence(kSecond, 1);
  one.Turn();
  BOOST_TEST(one.log.appended.empty());
  clock.Advance(1500 * kMillisecond);
  one.Turn();
  BOOST_REQUIRE(one.log.appended.size() == 1u);
  BOOST_TEST(one.log.appended[0].first == 0u);
  const auto header = shuffle::DecodeHeader(one.log.appended[0].second).value();
  BOOST_TEST(header.receiver == "");
  BOOST_TEST(header.count == 0u);
  one.Turn();
  BOOST_TEST(one.log.appended.size() == 1u);
  BOOST_TEST(one.member.state().delay >= 0);
}

BOOST_AUTO_TEST_CASE(the_time_of_all_partitions_is_told_once_whoever_owns_them) {
  base::Nanos passed = 0;
  size_t owned = 0;
  auto options = Options();
  options.time_passed = [&](base::Nanos by, size_t of) {
    passed += by;
    owned = of;
  };
  FakePairerLog log(&topics);
  fakes::CollectingConsumer collected;
  shuffle::GroupMember member(options, &log, &collected, &clock);
  const auto turn = [&] {
    member.Turn(0);
    member.EndTurn();
  };
  log.Assign({0, 1});
  Silence(kSecond, 0);
  Silence(2 * kSecond, 1);
  turn();
  BOOST_TEST(passed == 0);
  Silence(3 * kSecond, 0);
  Silence(3 * kSecond, 1);
  turn();
  BOOST_TEST(passed == 3 * kSecond);
  BOOST_TEST(owned == 2u);
  clock.Advance(kSecond);
  turn();  // saves
  log.Revoke(false);
  turn();
  log.Assign({0});
  turn();
  Silence(5 * kSecond, 0);
  turn();
  // At most the message at which it begins is missing; none counts twice.
  BOOST_TEST(passed >= 3 * kSecond);
  BOOST_TEST(passed <= 5 * kSecond);
  Silence(6 * kSecond, 0);
  turn();
  BOOST_TEST(owned == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
