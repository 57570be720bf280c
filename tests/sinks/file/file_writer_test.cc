// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/file_writer.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/record_ledger.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using fakes::MakeRecords;
using fakes::NumbersOf;
using fakes::Range;
using fakes::WriteAll;

struct FileWriterTest {
  FileWriterTest() { spec.path = "a/b/records.jsonl"; }
  std::unique_ptr<sinks::FileWriter> Make() {
    return std::make_unique<sinks::FileWriter>(spec, dir.path().string(), &clock);
  }
  std::unique_ptr<sinks::FileWriter> Open() {
    auto writer = Make();
    const Status opened = writer->Open(&ledger);
    BOOST_REQUIRE_MESSAGE(opened.ok(), Message(opened));
    return writer;
  }
  std::string Current() { return dir.Read(spec.path); }

  fakes::TempDir dir;
  fakes::ManualClock clock;
  fakes::CountingLedger ledger;
  tap::FileOutput spec;
};

BOOST_FIXTURE_TEST_SUITE(file_writer, FileWriterTest)

BOOST_AUTO_TEST_CASE(directories_are_made_and_a_second_run_appends) {
  Open()->Write(MakeRecords(0, 3), 0);
  Open()->Write(MakeRecords(3, 2), 0);
  BOOST_TEST(NumbersOf(Current()) == Range(0, 5), boost::test_tools::per_element());
  BOOST_TEST(ledger.delivered == 5u);
}

BOOST_AUTO_TEST_CASE(a_line_torn_by_a_kill_is_cut_off_and_whole_ones_stay) {
  Open()->Write(MakeRecords(0, 2), 0);
  dir.Write(spec.path, Current() + "{\"half\":");
  WriteAll(*Open(), MakeRecords(2, 1)).IgnoreError();
  BOOST_TEST(NumbersOf(Current()) == Range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_of_one_torn_line_longer_than_a_block_becomes_empty) {
  dir.Write(spec.path, "{" + std::string(200'000, 'x'));
  auto writer = Open();
  BOOST_TEST(Current() == "");
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 1)).ok());
  BOOST_TEST(NumbersOf(Current()) == Range(0, 1));
}

BOOST_AUTO_TEST_CASE(zeros_that_a_power_cut_left_of_a_line_are_cut_off) {
  Open()->Write(MakeRecords(0, 2), 0);
  dir.Write(spec.path, Current() + std::string(5'000, '\0'));
  Open();
  BOOST_TEST(NumbersOf(Current()) == Range(0, 2), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_last_line_that_is_no_record_stays_and_is_ended) {
  for (const std::string before : {"", "a first line\n"}) {
    dir.Write(spec.path, before + std::string(100'000, 'x'));
    auto writer = Open();
    BOOST_TEST(Current() == before + std::string(100'000, 'x') + "\n");
    BOOST_TEST(WriteAll(*writer, MakeRecords(0, 1)).ok());
    const size_t foreign = before.size() + 100'001;
    BOOST_TEST(Current().size() > foreign);
    BOOST_TEST(NumbersOf(Current().substr(foreign)) == Range(0, 1));
  }
}

BOOST_AUTO_TEST_CASE(a_missing_output_directory_is_worth_a_retry) {
  sinks::FileWriter writer(spec, dir / "missing", &clock);
  BOOST_TEST(IsRetryable(writer.Open(&ledger)));
  std::filesystem::create_directory(dir / "missing");
  BOOST_TEST(writer.Open(&ledger).ok());
}

BOOST_AUTO_TEST_CASE(two_outputs_never_write_to_one_file_and_the_second_follows_the_first) {
  auto first = Open();
  BOOST_TEST(WriteAll(*first, MakeRecords(0, 2)).ok());
  auto second = Make();
  const Status refused = second->Open(&ledger);
  BOOST_TEST(IsRetryable(refused));
  BOOST_TEST(Message(refused).find("another output writes to it") != std::string::npos);
  first->Close(0);
  BOOST_TEST(second->Open(&ledger).ok());
  BOOST_TEST(WriteAll(*second, MakeRecords(2, 2)).ok());
  BOOST_TEST(NumbersOf(Current()) == Range(0, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(outputs_of_one_file_take_turns_in_the_order_in_which_they_were_made) {
  auto first = Open();
  auto second = Make();
  auto third = Make();
  first->Close(0);
  BOOST_TEST(!third->Open(&ledger).ok());
  BOOST_TEST(second->Open(&ledger).ok());
  second.reset();
  BOOST_TEST(third->Open(&ledger).ok());
}

BOOST_AUTO_TEST_CASE(a_file_that_was_removed_is_made_anew) {
  auto writer = Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 1)).ok());
  std::filesystem::remove_all(dir / "a");
  writer->Poll();
  BOOST_TEST(WriteAll(*writer, MakeRecords(1, 1)).ok());
  BOOST_TEST(NumbersOf(Current()) == Range(1, 1));
  std::filesystem::rename(dir / spec.path, dir / "moved");
  writer->Poll();
  BOOST_TEST(WriteAll(*writer, MakeRecords(2, 1)).ok());
  BOOST_TEST(NumbersOf(Current()) == Range(2, 1));
  BOOST_TEST(NumbersOf(dir.Read("moved")) == Range(1, 1));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_emptied_from_outside_goes_on_at_its_start) {
  auto writer = Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 5)).ok());
  std::filesystem::resize_file(dir / spec.path, 0);
  BOOST_TEST(WriteAll(*writer, MakeRecords(5, 1)).ok());
  BOOST_TEST(NumbersOf(Current()) == Range(5, 1));
}

BOOST_AUTO_TEST_CASE(records_come_in_buffers_and_none_is_left_out) {
  auto writer = Open();
  const auto many = MakeRecords(0, 900, 1000);
  BOOST_TEST(writer->Write(many, 0).taken < 900u);
  for (size_t at = NumbersOf(Current()).size(); at < many.size();)
    at += writer->Write(many, at).taken;
  BOOST_TEST(NumbersOf(Current()) == Range(0, 900), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
