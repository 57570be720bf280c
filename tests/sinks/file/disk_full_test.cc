// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "contract/sink_outside.h"
#include "fakes/eventually.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"

namespace traffictap {

// Only root may mount a small file system; without root the case counts as skipped.
boost::test_tools::assertion_result IsRoot(boost::unit_test::test_unit_id) {
  return geteuid() == 0;
}

// One megabyte of disk.
struct DiskFullTest {
  DiskFullTest() {
    BOOST_TEST_REQUIRE(mount("none", dir.path().c_str(), "tmpfs", 0, "size=1m") == 0);
  }
  ~DiskFullTest() { umount2(dir.path().c_str(), MNT_DETACH); }
  fakes::TempDir dir;
  base::SystemClock clock;
};

BOOST_FIXTURE_TEST_SUITE(disk_full, DiskFullTest, *boost::unit_test::precondition(IsRoot))

BOOST_AUTO_TEST_CASE(a_full_disk_degrades_the_output_counts_drops_and_heals_without_a_torn_line) {
  tap::FileOutput spec;
  spec.path = "all.jsonl";
  dir.Write("ballast", std::string(900 << 10, 'x'));
  sinks::QueuedSink sink(std::make_unique<sinks::FileWriter>(spec, dir.path().string(), &clock),
                         contract::QuickOptions(512 << 10));
  for (int i = 0; i < 200; ++i) sink.Offer(fakes::MakeRecords(i * 10, 10, 500));
  BOOST_TEST(fakes::Eventually(
      [&] { return sink.counters().status.code() == absl::StatusCode::kResourceExhausted; }));
  const auto full = sink.counters();
  BOOST_TEST(full.dropped[static_cast<size_t>(sinks::DropReason::kQueueFull)] > 0u);
  BOOST_TEST(full.queued > 0u);
  std::filesystem::remove(dir / "ballast");
  BOOST_TEST(sink.Flush(10 * base::kSecond).ok());
  sink.Offer(fakes::MakeRecords(9'999, 1));
  sink.Close(10 * base::kSecond);
  const auto numbers = fakes::NumbersOf(dir.Read("all.jsonl"));
  BOOST_TEST(numbers.size() == sink.counters().delivered);
  BOOST_TEST(std::is_sorted(numbers.begin(), numbers.end()));
  BOOST_TEST(numbers.front() == 0);
  BOOST_TEST(numbers.back() == 9'999);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
