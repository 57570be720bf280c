// SPDX-License-Identifier: Apache-2.0

// The spool on a real directory: killed, or failing once, at each single call by which it changes
// files. spool_recovery_test.cc does the same in memory, and with crashes of the machine.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>

#include "fakes/every_call.h"
#include "fakes/manual_clock.h"
#include "fakes/records.h"
#include "fmt/format.h"
#include "sinks/spool/spool.h"

namespace traffictap {

using fakes::FileFault;

namespace {

struct Told {
  std::atomic<int> put{0};
  std::atomic<int> taken{0};
};

}  // namespace

struct SpoolCrashTest {
  SpoolCrashTest() {
    options.clock = &clock;
    options.bytes_max = 80'000;
    options.segment_bytes_min = 100;
    options.segment_bytes_max = 1'000;
  }
  std::unique_ptr<sinks::Spool> Make(const fakes::TempDir& root) {
    return std::make_unique<sinks::Spool>(
        sinks::MakeSpoolDisk(root.path().string(), "shop/tap/out"), options);
  }
  void Live(const fakes::TempDir& root, Told* told) {
    auto spool = Make(root);
    std::mt19937 random(1);
    for (int step = 0; step < 24; ++step) {
      if (!spool->Open().ok()) continue;
      if (random() % 4 != 0 && spool->Append(fmt::format("{:<100}", told->put.load()), 1).ok()) {
        ++told->put;
      }
      if (random() % 3 == 0) {
        const auto block = spool->Read();
        // Before, as a kill may come when the spool has noted it. A failure leaves it noted too: what
        // fails is the removal of a segment that is done.
        if (block.ok() && *block) {
          told->taken = std::stoi((*block)->bytes) + 1;
          (void)spool->Ack((*block)->end);
        }
      }
      clock.Advance(200 * base::kMillisecond);
      (void)spool->Poll();
    }
    spool->Close(false);
  }
  int AtEveryCall(const FileFault& fault) {
    return fakes::AtEveryCall<Told>(
        fault, [this](const fakes::TempDir& root, Told* told) { Live(root, told); },
        [this](const fakes::ChildEnd&, const fakes::TempDir& root, Told* told) {
          Check(root, told->put, told->taken);
        });
  }
  void Check(const fakes::TempDir& root, int put, int taken) {
    auto spool = Make(root);
    BOOST_TEST(spool->Open().ok());
    std::vector<int> left;
    for (;;) {
      const auto block = spool->Read();
      BOOST_REQUIRE(block.ok());
      if (!*block) break;
      left.push_back(std::stoi((*block)->bytes));
      BOOST_TEST(spool->Ack((*block)->end).ok());
    }
    BOOST_TEST(spool->counters().damaged == 0u);
    if (left.empty()) {
      BOOST_TEST(taken >= put);
      return;
    }
    BOOST_TEST(left == fakes::Range(left.front(), static_cast<int>(left.size())),
               boost::test_tools::per_element());
    BOOST_TEST(left.front() <= taken);
    BOOST_TEST(left.back() + 1 >= put);
  }
  fakes::ManualClock clock;
  sinks::SpoolOptions options;
};

BOOST_FIXTURE_TEST_SUITE(spool_crash, SpoolCrashTest)

BOOST_AUTO_TEST_CASE(a_kill_at_any_call_loses_nothing_that_was_appended) {
  BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kKilled}) > 50);
  BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kTorn}) > 50);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_once_at_any_call_costs_nothing) {
  for (const int error : {EIO, ENOSPC}) {
    BOOST_TEST(AtEveryCall({.kind = FileFault::Kind::kFails, .error = error}) > 50);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
