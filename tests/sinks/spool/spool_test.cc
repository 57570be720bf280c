// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool.h"

#include "fakes/records.h"
#include "sinks/spool/spool_fixture.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using fakes::Range;

BOOST_FIXTURE_TEST_SUITE(spool, SpoolTest)

BOOST_AUTO_TEST_CASE(blocks_come_back_in_their_order_over_many_segments) {
  Make();
  PutAll(0, 300);
  BOOST_TEST(Segments().size() > 3u);
  BOOST_TEST(TakeAll() == Range(0, 300), boost::test_tools::per_element());
  PutAll(300, 10);
  BOOST_TEST(TakeAll() == Range(300, 10), boost::test_tools::per_element());
  BOOST_TEST(spool->counters().acked == 310u);
  BOOST_TEST(spool->counters().held == 0u);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(before_it_is_open_nothing_is_taken_and_nothing_is_there) {
  sinks::Spool closed(std::make_unique<fakes::MemoryDisk>(&directory), options);
  BOOST_TEST(closed.Append("a", 1).code() == absl::StatusCode::kUnavailable);
  BOOST_TEST(!(*closed.Read()).has_value());
}

BOOST_AUTO_TEST_CASE(of_two_on_one_directory_the_second_waits_until_the_first_lets_go) {
  Make();
  sinks::Spool second(std::make_unique<fakes::MemoryDisk>(&directory), options);
  BOOST_TEST(second.Open().code() == absl::StatusCode::kUnavailable);
  spool->Close(false);
  BOOST_TEST(second.Open().ok());
}

BOOST_AUTO_TEST_CASE(what_was_not_acknowledged_comes_again_in_the_next_life) {
  Make();
  PutAll(0, 20);
  for (int i = 0; i < 5; ++i) Take();
  BOOST_TEST(Take(false) == 5);
  clock.Advance(kSecond);
  BOOST_TEST(spool->Poll().ok());
  Make();
  BOOST_TEST(spool->counters().recovered == 15u);
  BOOST_TEST(spool->counters().held == 15u);
  BOOST_TEST(TakeAll() == Range(5, 15), boost::test_tools::per_element());
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(acknowledgements_of_the_last_half_second_may_be_forgotten_and_no_others) {
  Make();
  PutAll(0, 20);
  clock.Advance(kSecond);
  for (int i = 0; i < 5; ++i) Take();
  BOOST_TEST(spool->Poll().ok());  // the ledger is written
  clock.Advance(100 * kMillisecond);
  for (int i = 0; i < 5; ++i) Take();
  BOOST_TEST(spool->Poll().ok());
  Make();
  BOOST_TEST(TakeAll() == Range(5, 15), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_block_is_on_disk_half_a_second_after_it_came_or_when_asked) {
  Make();
  PutAll(0, 3);
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().synced == 0u);
  clock.Advance(500 * kMillisecond);
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().synced == 3u);
  PutAll(3, 1);
  BOOST_TEST(spool->Sync().ok());
  BOOST_TEST(spool->counters().synced == 4u);
  directory.PowerOff();
  Make();
  BOOST_TEST(TakeAll() == Range(0, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(much_that_is_not_on_disk_is_brought_there_without_being_asked) {
  options.unsynced_bytes_max = 1000;
  Make();
  PutAll(0, 20);
  BOOST_TEST(spool->counters().synced >= 10u);
}

BOOST_AUTO_TEST_CASE(what_a_failed_sync_may_have_lost_is_written_again_to_its_place) {
  Make();
  PutAll(0, 2);
  BOOST_TEST(spool->Sync().ok());
  PutAll(2, 3);
  BOOST_TEST(Take() == 0);
  directory.fail_syncs = 1;
  BOOST_TEST(!spool->Sync().ok());
  directory.files = directory.synced;  // the kernel gave its pages up
  PutAll(5, 1);
  BOOST_TEST(spool->Sync().ok());
  directory.PowerOff();
  Make();
  BOOST_TEST(TakeAll() == Range(0, 6), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(beyond_its_size_the_oldest_segments_go_counted) {
  Make();
  PutAll(0, 2000);
  const auto counters = spool->counters();
  BOOST_TEST(counters.full > 0u);
  BOOST_TEST(counters.bytes <= options.bytes_max);
  BOOST_TEST(directory.bytes() <= options.bytes_max + 2000);
  const auto left = TakeAll();
  BOOST_TEST(left == Range(static_cast<int>(counters.full), static_cast<int>(left.size())),
             boost::test_tools::per_element());
  BOOST_TEST(left.back() == 1999);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(what_is_in_the_outputs_hands_is_not_evicted) {
  Make();
  PutAll(0, 100);
  BOOST_TEST(Take(false) == 0);
  PutAll(100, 1900);
  BOOST_TEST(spool->counters().full > 0u);
  BOOST_TEST(spool->Ack(end).ok());
  BOOST_TEST(spool->counters().acked == 1u);
  BOOST_TEST(Take() == 1);  // of the same segment
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(where_all_of_it_is_in_the_outputs_hands_nothing_more_is_taken) {
  options.bytes_max = 1000;
  options.segment_bytes_min = 500;
  Make();
  PutAll(0, 7);
  TakeAll(false);
  const Status full = Put(7);
  BOOST_TEST(full.code() == absl::StatusCode::kResourceExhausted);
  BOOST_TEST(Message(full).find("delivery.maxSize") != std::string::npos);
  BOOST_TEST(spool->Ack(end).ok());
  BOOST_TEST(Put(7).ok());
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(what_is_older_than_its_age_goes_counted_and_nothing_younger) {
  options.age_max = 80 * kSecond;
  Make();
  PutAll(0, 10);
  clock.Advance(20 * kSecond);
  PutAll(10, 10);
  clock.Advance(70 * kSecond);
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().expired == 10u);
  BOOST_TEST(TakeAll() == Range(10, 10), boost::test_tools::per_element());
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(age_goes_on_while_nobody_is_there_and_a_clock_that_jumps_back_ends_nothing) {
  options.age_max = 80 * kSecond;
  Make();
  PutAll(0, 10);
  clock.JumpWall(-1000 * kSecond);
  Make();
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().expired == 0u);
  clock.JumpWall(1090 * kSecond);
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().expired == 0u);
  Make();
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(spool->counters().expired == 10u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_takes_nothing_loses_nothing_and_heals) {
  Make();
  PutAll(0, 5);
  directory.bytes_max = directory.bytes() + 50;
  BOOST_TEST(Put(5).code() == absl::StatusCode::kResourceExhausted);
  BOOST_TEST(Put(5).code() == absl::StatusCode::kResourceExhausted);
  BOOST_TEST(spool->counters().appended == 5u);
  directory.bytes_max = SIZE_MAX;
  PutAll(5, 5);
  BOOST_TEST(TakeAll() == Range(0, 10), boost::test_tools::per_element());
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(the_ledger_names_a_file_before_it_is_there_and_not_when_it_goes) {
  Make();
  PutAll(0, 200);
  TakeAll();
  clock.Advance(100 * kSecond);
  BOOST_TEST(spool->Poll().ok());
  PutAll(200, 1);
  BOOST_TEST(directory.against_ledger == 0);
  // As the ledger has it now: of the files that are there, all, and no other.
  const auto ledger = sinks::SpoolLedger::Read(directory.files["ledger"]);
  BOOST_REQUIRE(ledger.ok());
  BOOST_TEST(ledger->records.size() == Segments().size());
}

BOOST_AUTO_TEST_CASE(done_segments_go_and_the_last_one_after_a_minute) {
  options.segment_bytes_min = 1000;
  Make();
  PutAll(0, 3);
  TakeAll();
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(Segments().size() == 1u);
  clock.Advance(61 * kSecond);
  BOOST_TEST(spool->Poll().ok());
  BOOST_TEST(Segments().empty());
  BOOST_TEST(spool->counters().bytes == 0u);
  PutAll(3, 1);
  Make();
  BOOST_TEST(TakeAll() == Range(3, 1), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(closing_keeps_what_is_held_and_discarding_leaves_nothing) {
  Make();
  PutAll(0, 3);
  spool->Close(false);
  Make();
  BOOST_TEST(spool->counters().recovered == 3u);
  spool->Close(true);
  BOOST_TEST(directory.files.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
