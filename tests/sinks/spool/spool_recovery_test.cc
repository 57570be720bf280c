// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "fakes/records.h"
#include "sinks/spool/spool_fixture.h"

namespace traffictap {

using base::kSecond;
using fakes::Range;

BOOST_FIXTURE_TEST_SUITE(spool_recovery, SpoolTest)

BOOST_AUTO_TEST_CASE(a_last_segment_cut_anywhere_has_its_whole_blocks) {
  Make();
  PutAll(0, 5);
  const std::string name = Segments().front();
  const std::string whole = directory.files[name];
  const size_t block = whole.size() / 5;
  for (size_t size = 0; size < whole.size(); size += 7) {
    directory.files[name] = whole.substr(0, size);
    Make();
    BOOST_TEST(TakeAll(false) == Range(0, static_cast<int>(size / block)),
               boost::test_tools::per_element());
    BOOST_TEST(spool->counters().damaged == 0u);
    BOOST_TEST(Balances());
    directory.files[name] = whole;
  }
}

BOOST_AUTO_TEST_CASE(a_last_block_of_zeros_as_a_crash_of_the_machine_leaves_it_was_never_taken) {
  Make();
  PutAll(0, 5);
  std::string& file = directory.files[Segments().front()];
  std::fill(file.end() - 50, file.end(), '\0');
  Make();
  BOOST_TEST(TakeAll() == Range(0, 4), boost::test_tools::per_element());
  BOOST_TEST(spool->counters().damaged == 0u);
}

BOOST_AUTO_TEST_CASE(a_block_altered_in_the_middle_is_passed_over_and_counted) {
  Make();
  PutAll(0, 5);
  std::string& file = directory.files[Segments().front()];
  file[2 * file.size() / 5 + 60] ^= 1;
  Make();
  BOOST_TEST(TakeAll() == (std::vector<int>{0, 1, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(spool->counters().damaged == 1u);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(behind_an_altered_head_the_rest_of_the_segment_is_lost_and_counted) {
  Make();
  PutAll(0, 300);
  BOOST_TEST(spool->Sync().ok());
  BOOST_TEST(Take() == 0);
  clock.Advance(kSecond);
  BOOST_TEST(spool->Poll().ok());
  const auto names = Segments();
  std::string& file = directory.files[names[1]];
  const size_t in_segment = file.size() / 128;
  file[2 * 128] ^= 1;
  Make();
  const auto left = TakeAll();
  BOOST_TEST(spool->counters().damaged == in_segment - 2);
  BOOST_TEST(left.size() == 299 - (in_segment - 2));
  BOOST_TEST(left.back() == 299);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(damage_that_comes_while_it_is_read_is_counted_too) {
  Make();
  PutAll(0, 300);
  BOOST_TEST(Take() == 0);
  for (const std::string& name : Segments()) directory.files[name][130] ^= 1;
  TakeAll();
  BOOST_TEST(spool->counters().damaged > 0u);
  BOOST_TEST(spool->counters().held == 0u);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_a_loss_of_known_size) {
  Make();
  PutAll(0, 300);
  BOOST_TEST(spool->Sync().ok());
  BOOST_TEST(Take() == 0);
  clock.Advance(kSecond);
  BOOST_TEST(spool->Poll().ok());
  const size_t in_segment = directory.files[Segments()[1]].size() / 128;
  directory.files.erase(Segments()[1]);
  Make();
  BOOST_TEST(spool->counters().damaged == in_segment);
  BOOST_TEST(TakeAll().size() == 299 - in_segment);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(a_file_that_the_ledger_does_not_name_is_a_leftover_and_goes) {
  Make();
  PutAll(0, 300);
  const std::string name = Segments().front();
  const std::string file = directory.files[name];
  for (int i = 0; i < 150; ++i) Take();
  BOOST_REQUIRE(!directory.files.contains(name));
  directory.files[name] = file;
  clock.Advance(kSecond);
  BOOST_TEST(spool->Poll().ok());
  Make();
  BOOST_TEST(!directory.files.contains(name));
  BOOST_TEST(TakeAll() == Range(150, 150), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_good_ledger_everything_comes_again) {
  Make();
  PutAll(0, 20);
  for (int i = 0; i < 5; ++i) Take();
  clock.Advance(kSecond);
  BOOST_TEST(spool->Poll().ok());
  for (const bool lost : {false, true}) {
    if (lost) {
      directory.files.erase("ledger");
    } else {
      directory.files["ledger"].resize(20);
    }
    Make();
    BOOST_TEST(TakeAll(false) == Range(0, 20), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(files_that_are_none_of_ours_are_left_alone) {
  directory.files["notes"] = "mine";
  directory.files["00000000000000zz.segment"] = "mine";
  Make();
  PutAll(0, 1);
  Make();
  BOOST_TEST(directory.files["notes"] == "mine");
  BOOST_TEST(TakeAll() == Range(0, 1), boost::test_tools::per_element());
}

// A crash at every call to the disk, of the process or of the machine: what the spool told to be on
// disk and nobody acknowledged comes again, in its order.
BOOST_AUTO_TEST_CASE(a_crash_at_any_call_loses_nothing_that_was_told_as_spooled) {
  for (int crash = 0; crash < 160; ++crash) {
    for (const bool machine : {false, true}) {
      directory = {};
      Make();
      directory.calls_left = crash;
      std::mt19937 random(static_cast<unsigned>(crash));
      int put = 0;
      int taken = 0;
      for (int step = 0; step < 60 && directory.calls_left != 0; ++step) {
        if (random() % 4 != 0 && Put(put).ok()) ++put;
        if (random() % 3 == 0) {
          const auto block = spool->Read();
          if (block.ok() && *block && spool->Ack((*block)->end).ok())
            taken = std::stoi((*block)->bytes) + 1;
        }
        clock.Advance(200 * base::kMillisecond);
        (void)spool->Poll();
      }
      const uint64_t synced = spool->counters().synced;
      if (machine) directory.PowerOff();
      Make();
      const auto left = TakeAll();
      BOOST_TEST(spool->counters().damaged == 0u, crash);
      BOOST_TEST(Balances());
      if (left.empty()) {
        BOOST_TEST(static_cast<uint64_t>(taken) >= synced, crash);
        continue;
      }
      BOOST_TEST(left == Range(left.front(), static_cast<int>(left.size())),
                 boost::test_tools::per_element());
      BOOST_TEST(left.front() <= taken, crash);
      BOOST_TEST(static_cast<uint64_t>(left.back()) + 1 >= synced, crash);
    }
  }
}

// What comes from a disk may be anything.
BOOST_AUTO_TEST_CASE(random_bytes_anywhere_are_safe_and_the_counters_balance) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    directory = {};
    Make();
    PutAll(0, 100);
    for (int i = 0; i < 20; ++i) Take();
    clock.Advance(kSecond);
    BOOST_TEST(spool->Poll().ok());
    for (int hits = 0; hits < 5; ++hits) {
      auto file = directory.files.begin();
      std::advance(file, random() % directory.files.size());
      if (file->second.empty()) continue;
      file->second[random() % file->second.size()] = static_cast<char>(random());
      if (random() % 4 == 0) file->second.resize(random() % (file->second.size() + 1));
    }
    Make();
    TakeAll();
    BOOST_TEST(Balances(), round);
    BOOST_TEST(spool->counters().held == 0u, round);
    PutAll(100, 1);
    BOOST_TEST(TakeAll() == Range(100, 1), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
