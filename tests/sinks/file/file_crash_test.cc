// SPDX-License-Identifier: Apache-2.0

// A process that is killed, or a disk that fails once, at each single call by which a File output
// changes files, one after the other.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "fakes/every_call.h"
#include "fakes/gunzip.h"
#include "fakes/manual_clock.h"
#include "fakes/record_ledger.h"
#include "fakes/records.h"
#include "sinks/file/file_writer.h"

namespace traffictap {

using fakes::FileFault;
using fakes::MakeRecords;
using fakes::NumbersOf;
using fakes::Range;

namespace {

constexpr int kRecords = 9;
constexpr int kTries = 5;

struct Told {
  std::atomic<int> delivered{0};
};

// Counts where a kill does not reach.
class ToldLedger final : public sinks::RecordLedger {
 public:
  explicit ToldLedger(Told* told) : told_(told) {}
  void Delivered(uint64_t records, uint64_t) override {
    told_->delivered += static_cast<int>(records);
  }
  void Dropped(sinks::DropReason, uint64_t, const Status&) override {}
  void Troubled(const Status&) override {}

 private:
  Told* const told_;
};

}  // namespace

struct FileCrashTest {
  FileCrashTest() {
    spec.path = "a/all.jsonl";
    spec.rotate_bytes = 3 * MakeRecords(0, 1).batch->json_line(0).size();
    spec.compression = tap::Compression::kGzip;
    spec.files_max = 20;
  }
  // One life: a record after the other, each tried a few times.
  void Live(const fakes::TempDir& directory, Told* told) {
    ToldLedger ledger(told);
    sinks::FileWriter writer(spec, directory.path().string(), &clock);
    for (int i = 0; i < kTries && !writer.Open(&ledger).ok(); ++i) continue;
    for (int number = 0; number < kRecords; ++number) {
      const auto record = MakeRecords(number, 1);
      for (int i = 0; i < kTries && writer.Write(record, 0).taken == 0; ++i) continue;
      clock.Advance(base::kSecond);
    }
    writer.Close(0);
  }
  // What the next life finds and adds to.
  std::vector<int> Found(const fakes::TempDir& directory) {
    fakes::CountingLedger ledger;
    sinks::FileWriter writer(spec, directory.path().string(), &clock);
    BOOST_TEST(writer.Open(&ledger).ok());
    BOOST_TEST(fakes::WriteAll(writer, MakeRecords(kRecords + 1, 1)).ok());
    writer.Close(0);
    std::vector<int> out;
    for (const std::string& name : directory.Names("a")) {
      BOOST_TEST(!name.ends_with(".part"), name);
      const std::string bytes = directory.Read("a/" + name);
      const auto numbers = NumbersOf(name.ends_with(".gz") ? fakes::Gunzip(bytes) : bytes);
      out.insert(out.end(), numbers.begin(), numbers.end());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  void Check(const fakes::ChildEnd& end, const fakes::TempDir& directory, int delivered) {
    BOOST_TEST_CONTEXT("sync " << spec.sync) {
      if (end.well) BOOST_TEST(delivered == kRecords);
      std::vector<int> found = Found(directory);
      BOOST_REQUIRE(!found.empty());
      BOOST_TEST(found.back() == kRecords + 1);
      found.pop_back();
      // One may be in the file that nobody could tell of any more.
      const int count = static_cast<int>(found.size());
      BOOST_TEST(found == Range(0, count), boost::test_tools::per_element());
      BOOST_TEST((count == delivered || (!end.well && count == delivered + 1)), count << delivered);
    }
  }
  // Where older files were deleted: what is left is the newest.
  void CheckNewest(const fakes::ChildEnd& end, const fakes::TempDir& directory, int delivered) {
    const std::vector<int> found = Found(directory);
    const int count = static_cast<int>(found.size()) - 1;
    BOOST_REQUIRE(count >= 0);
    const int first = count > 0 ? found.front() : 0;
    BOOST_TEST(std::vector<int>(found.begin(), found.end() - 1) == Range(first, count),
               boost::test_tools::per_element());
    if (count > 0) BOOST_TEST(found[static_cast<size_t>(count) - 1] + 1 >= delivered);
    // A crash between a rotation and the deletion leaves one more, until the next rotation.
    BOOST_TEST(directory.Names("a").size() <= spec.files_max + (end.well ? 0 : 1));
  }
  using Checked = void (FileCrashTest::*)(const fakes::ChildEnd&, const fakes::TempDir&, int);
  int AtEveryCall(const FileFault& fault, Checked check = &FileCrashTest::Check) {
    return fakes::AtEveryCall<Told>(
        fault, [this](const fakes::TempDir& directory, Told* told) { Live(directory, told); },
        [&](const fakes::ChildEnd& end, const fakes::TempDir& directory, Told* told) {
          (this->*check)(end, directory, told->delivered);
        });
  }
  fakes::ManualClock clock;
  tap::FileOutput spec;
};

BOOST_FIXTURE_TEST_SUITE(file_crash, FileCrashTest)

BOOST_AUTO_TEST_CASE(a_kill_at_any_call_loses_and_doubles_nothing_that_was_told_as_delivered) {
  for (const bool sync : {false, true}) {
    spec.sync = sync;
    BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kKilled}) > 25);
  }
}

BOOST_AUTO_TEST_CASE(a_kill_in_the_middle_of_any_write_leaves_whole_lines) {
  BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kTorn}) > 25);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_once_at_any_call_costs_no_record) {
  for (const int error : {EIO, ENOSPC}) {
    for (const bool sync : {false, true}) {
      spec.sync = sync;
      BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kFails, .error = error}) > 25);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_kill_at_any_call_leaves_the_newest_files_and_no_more_than_there_may_be) {
  spec.files_max = 2;
  AtEveryCall({.kind = FileFault::Kind::kKilled}, &FileCrashTest::CheckNewest);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
