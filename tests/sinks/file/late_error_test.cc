// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "fakes/manual_clock.h"
#include "fakes/record_ledger.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"
#include "sinks/file/file_writer.h"

namespace {
std::atomic<int> g_failing_syncs{0};
}  // namespace

// Takes the place of the C library's in this executable: a disk that fails after the kernel took
// the bytes.
extern "C" int fsync(int fd) {
  if (g_failing_syncs > 0) {
    --g_failing_syncs;
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fsync, fd));
}

namespace traffictap {

using fakes::MakeRecords;
using fakes::NumbersOf;
using fakes::Range;
using fakes::WriteAll;

struct LateErrorTest {
  LateErrorTest() {
    spec.path = "all.jsonl";
    spec.rotate_age = 60 * base::kSecond;
  }
  ~LateErrorTest() { g_failing_syncs = 0; }
  void Open() {
    writer = std::make_unique<sinks::FileWriter>(spec, dir.path().string(), &clock);
    BOOST_REQUIRE(writer->Open(&ledger).ok());
  }
  void Rotate() {
    clock.Advance(*spec.rotate_age);
    writer->Poll();
  }
  fakes::TempDir dir;
  fakes::ManualClock clock;
  fakes::CountingLedger ledger;
  tap::FileOutput spec;
  std::unique_ptr<sinks::FileWriter> writer;
};

BOOST_FIXTURE_TEST_SUITE(late_error, LateErrorTest)

BOOST_AUTO_TEST_CASE(a_disk_that_fails_after_the_write_is_told_when_the_file_is_rotated) {
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 3)).ok());
  g_failing_syncs = 1;
  Rotate();
  BOOST_TEST(WriteAll(*writer, MakeRecords(3, 3)).ok());
  BOOST_TEST(dir.Names().size() == 2u);
  BOOST_TEST(ledger.delivered == 6u);
  BOOST_TEST(ledger.doubted == 3u);
  BOOST_TEST(
      Message(ledger.status).find("3 records may be lost: Input/output error") != std::string::npos,
      Message(ledger.status));
  writer->Close(0);
  BOOST_TEST(ledger.doubted == 3u);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_after_the_write_is_told_when_the_output_closes) {
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 2)).ok());
  g_failing_syncs = 1;
  writer->Close(0);
  BOOST_TEST(ledger.doubted == 2u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_compressed_safely_stays_as_it_is) {
  spec.compression = tap::Compression::kGzip;
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 3)).ok());
  g_failing_syncs = 2;
  Rotate();
  BOOST_TEST(g_failing_syncs == 0);
  const auto names = dir.Names();
  BOOST_TEST_REQUIRE(names.size() == 2u);
  BOOST_TEST(NumbersOf(dir.Read(names[0])) == Range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(with_sync_the_records_are_written_again_and_none_is_doubted) {
  spec.sync = true;
  Open();
  BOOST_TEST(WriteAll(*writer, MakeRecords(0, 1)).ok());
  g_failing_syncs = 1;
  BOOST_TEST(!WriteAll(*writer, MakeRecords(1, 1)).ok());
  BOOST_TEST(ledger.delivered == 1u);
  BOOST_TEST(WriteAll(*writer, MakeRecords(1, 1)).ok());
  g_failing_syncs = 1;
  writer->Close(0);
  BOOST_TEST(ledger.doubted == 0u);
  BOOST_TEST(NumbersOf(dir.Read("all.jsonl")) == Range(0, 2), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
