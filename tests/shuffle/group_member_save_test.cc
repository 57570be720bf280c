// SPDX-License-Identifier: Apache-2.0

// What a member does while the log has a transaction; without one it is in group_member_test.cc.
#include <boost/test/unit_test.hpp>

#include "shuffle/group_member_fixture.h"
#include "shuffle/raw_block.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;

struct TransactionTest : GroupMemberTest {
  TransactionTest() { one.log.Assign({0}); }

  // A pair, whose record goes into a transaction.
  void TakePair(const std::string& tag, base::Nanos at) {
    WritePair(tag, at);
    one.Turn();
    one.log.in_transaction = true;
  }
  std::vector<std::string> Clients() { return GroupMemberTest::Clients(one); }

  Pairer one{this};
};

BOOST_FIXTURE_TEST_SUITE(group_member_save, TransactionTest)

BOOST_AUTO_TEST_CASE(a_transaction_is_saved_once_a_second_with_all_that_was_taken) {
  TakePair("a", kSecond);
  WritePair("b", 2 * kSecond);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
  BOOST_TEST(!one.log.in_transaction);
  BOOST_TEST(one.log.aborts == 0);
  BOOST_TEST(one.member.state().trouble.ok());
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_between_the_notes_and_the_commit) {
  TakePair("a", kSecond);
  outputs["file"] = {5, 3};
  clock.Advance(kSecond);
  one.Turn();
  WritePair("b", 2 * kSecond);
  one.Turn();
  BOOST_TEST(Clients() == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  BOOST_TEST(Committed() == -1);
  outputs["file"] = {5, 5};
  one.Turn();
  BOOST_TEST(Committed() == 2);
  one.Turn();
  BOOST_TEST(Clients() == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
}

// They would say less than what the transaction has.
BOOST_AUTO_TEST_CASE(notes_of_before_a_transaction_are_not_saved_with_it) {
  WritePair("a", kSecond);
  outputs["file"] = {5, 3};
  one.Turn();
  clock.Advance(kSecond);
  one.Turn();  // notes, and waits for the output
  TakePair("b", 2 * kSecond);
  outputs["file"] = {5, 5};
  one.Turn();
  BOOST_TEST(Committed() == -1);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
}

BOOST_AUTO_TEST_CASE(an_output_that_hangs_holds_up_one_transaction_and_not_each) {
  TakePair("a", kSecond);
  outputs["file"] = {5, 3};
  clock.Advance(kSecond);
  one.Turn();
  clock.Advance(4 * kSecond - 1);
  one.Turn();
  BOOST_TEST(Committed() == -1);
  clock.Advance(1);
  one.Turn();
  BOOST_TEST(Committed() == 2);
  TakePair("b", 2 * kSecond);
  outputs["file"] = {7, 3};
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
  // Once it has what was waited for it is waited for again.
  outputs["file"] = {7, 5};
  TakePair("c", 3 * kSecond);
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
  outputs["file"] = {7, 7};
  one.Turn();
  BOOST_TEST(Committed() == 6);
}

BOOST_AUTO_TEST_CASE(a_commit_that_fails_leads_back_to_the_checkpoint) {
  TakePair("a", kSecond);
  clock.Advance(kSecond);
  one.Turn();
  TakePair("b", 2 * kSecond);
  one.log.save_status = absl::UnavailableError("no answer");
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(one.log.aborts == 1);
  BOOST_TEST(Committed() == 2);
  const auto state = one.member.state();
  BOOST_TEST(Message(state.trouble) == "no answer");
  BOOST_TEST(state.transactions_aborted == 1u);
  BOOST_TEST(state.partitions == 1u);
  one.log.save_status = absl::OkStatus();
  clock.Advance(2 * kSecond);
  one.Turn();
  BOOST_TEST(Clients() == (std::vector<std::string>{"a", "b", "b"}),
             boost::test_tools::per_element());
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 4);
  BOOST_TEST(one.member.state().trouble.ok());
}

// The first one of an owner, who has a takeover to clear besides.
BOOST_AUTO_TEST_CASE(a_commit_that_came_through_without_an_answer_is_not_taken_back) {
  TakePair("a", kSecond);
  one.log.save_answer = absl::UnavailableError("no answer");
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(one.log.aborts == 1);
  BOOST_TEST(Committed() == 2);
  one.log.save_answer = absl::OkStatus();
  clock.Advance(2 * kSecond);
  one.Turn();
  BOOST_TEST(Clients() == std::vector<std::string>{"a"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nor_is_one_with_which_partitions_go) {
  TakePair("a", kSecond);
  one.log.save_answer = absl::UnavailableError("no answer");
  one.log.Revoke(false);
  one.Turn();
  BOOST_TEST(one.log.aborts == 1);
  BOOST_TEST(Committed() == 2);
}

BOOST_AUTO_TEST_CASE(a_transaction_that_can_only_be_aborted_is_aborted_at_once) {
  TakePair("a", kSecond);
  one.log.transaction_status = absl::UnavailableError("refused");
  one.Turn();
  BOOST_TEST(one.log.aborts == 1);
  BOOST_TEST(one.log.saves == 0);
  BOOST_TEST(one.log.begun.at(0) == shuffle::PairerLog::kBeginning);
}

// Whoever has a partition again is alive: neither is it counted as another owner that died, nor is the block skipped
// that it had in hand.
BOOST_AUTO_TEST_CASE(the_way_back_to_the_checkpoint_is_no_crash) {
  for (int i = 0; i < 5; ++i) {
    TakePair("a", kSecond);
    one.log.transaction_status = absl::UnavailableError("refused");
    topics.guards[0] = {shuffle::CrashGuard::kCarefulFrom - 1, 1, {}};
    one.log.save_status = absl::UnavailableError("no answer");  // nor do guards get through
    one.Turn();
    BOOST_TEST(topics.guards[0].takeovers == shuffle::CrashGuard::kCarefulFrom - 1);
    clock.Advance(2 * kSecond);
  }
  one.log.save_status = absl::OkStatus();
  one.Turn();
  one.log.in_transaction = true;
  clock.Advance(kSecond);
  one.Turn();
  BOOST_TEST(Committed() == 10);
  BOOST_TEST(one.member.state().counters.skipped_blocks == 0u);
}

BOOST_AUTO_TEST_CASE(a_partition_that_cannot_be_read_is_read_up_to_there_again) {
  TakePair("a", kSecond);
  const std::string header = shuffle::RawNumber(1, 3) + shuffle::RawBytes(3, "newer");
  topics.halves[0].push_back({SimulatedLog::kStart + 2 * kSecond, shuffle::RawBlock(header, "")});
  one.log.transaction_status = absl::UnavailableError("refused");
  one.Turn();
  BOOST_TEST(one.member.state().partitions_held == 0u);
  clock.Advance(2 * kSecond);
  one.Turn();
  BOOST_TEST(Clients() == (std::vector<std::string>{"a", "a"}), boost::test_tools::per_element());
  BOOST_TEST(one.member.state().partitions_held == 1u);
}

BOOST_AUTO_TEST_CASE(partitions_that_go_take_the_transaction_along) {
  TakePair("a", kSecond);
  one.log.Revoke(false);
  one.Turn();
  BOOST_TEST(Committed() == 2);
  BOOST_TEST(one.log.aborts == 0);
}

BOOST_AUTO_TEST_CASE(what_was_lost_with_its_partitions_is_aborted) {
  TakePair("a", kSecond);
  one.log.Revoke(true);
  one.Turn();
  BOOST_TEST(Committed() == -1);
  BOOST_TEST(one.log.aborts == 1);
  BOOST_TEST(one.log.releases == 1);
}

BOOST_AUTO_TEST_CASE(who_leaves_commits_and_aborts_what_is_refused) {
  TakePair("a", kSecond);
  one.member.Leave();
  BOOST_TEST(Committed() == 2);
  BOOST_TEST(one.log.aborts == 0);
  Pairer two(this);
  two.log.Assign({0});
  WritePair("b", 2 * kSecond);
  two.Turn();
  two.log.in_transaction = true;
  two.log.save_status = absl::UnavailableError("no answer");
  two.member.Leave();
  BOOST_TEST(Committed() == 2);
  BOOST_TEST(two.log.aborts == 1);
  // A process that stops has little time: it asks for what the group has, and not for long.
  BOOST_TEST(two.log.reads == 1);
  BOOST_TEST(two.log.recall_wait > 0);
  BOOST_TEST(two.log.recall_wait <= 3 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
