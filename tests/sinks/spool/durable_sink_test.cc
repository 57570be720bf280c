// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/durable_sink.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "contract/sink_outside.h"
#include "fakes/scripted_writer.h"
#include "fakes/temp_dir.h"

namespace traffictap {

using base::kSecond;
using fakes::Eventually;
using fakes::MakeRecords;
using fakes::Range;
using sinks::DropReason;

// The real thing, on a real disk and in real time.
struct DurableSinkTest {
  sinks::DurableSink& Make() {
    sinks::SpoolOptions spool;
    spool.clock = base::ProcessClock();
    spool.sync_interval = 10 * base::kMillisecond;
    auto options = contract::QuickOptions();
    options.abandon_after = 200 * base::kMillisecond;
    sink = nullptr;
    sink = std::make_unique<sinks::DurableSink>(
        std::make_unique<fakes::ScriptedWriter>(&script),
        sinks::MakeSpoolDisk(dir.path().string(), "shop/tap/out"), spool, options);
    return *sink;
  }
  static uint64_t Dropped(const sinks::SinkCounters& counters) {
    return std::accumulate(counters.dropped.begin(), counters.dropped.end(), uint64_t{0});
  }
  bool Balances() const {
    const auto c = sink->counters();
    return c.offered + c.recovered == c.delivered + Dropped(c) + c.queued + c.kept;
  }

  fakes::TempDir dir;
  fakes::ScriptedWriter::Script script;
  std::unique_ptr<sinks::DurableSink> sink;
};

BOOST_FIXTURE_TEST_SUITE(durable_sink, DurableSinkTest)

BOOST_AUTO_TEST_CASE(records_go_through_the_disk_and_arrive_in_order) {
  Make();
  for (int i = 0; i < 30; ++i) sink->Offer(MakeRecords(i * 10, 10));
  BOOST_TEST(sink->Flush(20 * kSecond).ok());
  BOOST_TEST(script.written() == Range(0, 300), boost::test_tools::per_element());
  const auto counters = sink->counters();
  BOOST_TEST(counters.offered == 300u);
  BOOST_TEST(counters.spooled == 300u);
  BOOST_TEST(counters.delivered == 300u);
  BOOST_TEST(counters.replayed == 0u);
  BOOST_TEST(counters.queued == 0u);
  BOOST_TEST(counters.status.ok());
}

BOOST_AUTO_TEST_CASE(what_could_not_be_delivered_is_kept_and_goes_out_in_the_next_life) {
  script.hold = true;
  Make();
  sink->Offer(MakeRecords(0, 10));
  BOOST_TEST(Eventually([&] { return sink->counters().spooled == 10; }));
  // It is tried once it is on disk.
  BOOST_TEST(Eventually([&] { return !sink->counters().status.ok(); }));
  BOOST_TEST(sink->Flush(base::kMillisecond).code() == absl::StatusCode::kDeadlineExceeded);
  BOOST_TEST(sink->counters().queued == 10u);
  sink->Close(0);
  BOOST_TEST(sink->counters().kept == 10u);
  BOOST_TEST(sink->counters().queued == 0u);
  BOOST_TEST(Dropped(sink->counters()) == 0u);
  BOOST_TEST(Balances());
  script.hold = false;
  Make();
  BOOST_TEST(Eventually([&] { return sink->counters().delivered == 10; }));
  BOOST_TEST(script.written() == Range(0, 10), boost::test_tools::per_element());
  BOOST_TEST(sink->counters().recovered == 10u);
  BOOST_TEST(sink->counters().replayed == 10u);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(closing_delivers_what_it_can_within_its_time) {
  Make();
  sink->Offer(MakeRecords(0, 1000));
  sink->Close(20 * kSecond);
  BOOST_TEST(sink->counters().delivered == 1000u);
  BOOST_TEST(sink->counters().kept == 0u);
  sink->Offer(MakeRecords(1000, 1));
  BOOST_TEST(Dropped(sink->counters()) == 1u);
  BOOST_TEST(Balances());
}

BOOST_AUTO_TEST_CASE(discarded_it_leaves_no_file_and_counts_what_it_dropped) {
  script.hold = true;
  Make();
  sink->Offer(MakeRecords(0, 10));
  BOOST_TEST(Eventually([&] { return sink->counters().spooled == 10; }));
  sink->Discard();
  sink->Close(0);
  const auto counters = sink->counters();
  BOOST_TEST(counters.kept == 0u);
  BOOST_TEST(counters.dropped[static_cast<size_t>(DropReason::kClosed)] == 10u);
  BOOST_TEST(Balances());
  BOOST_TEST(dir.Names().empty());
}

BOOST_AUTO_TEST_CASE(the_next_one_on_the_same_spool_waits_for_the_one_before_it) {
  script.hold = true;
  Make();
  sink->Offer(MakeRecords(0, 10));
  BOOST_TEST(Eventually([&] { return sink->counters().spooled == 10; }));
  const auto former = std::move(sink);
  Make();
  sink->Offer(MakeRecords(10, 5));
  BOOST_TEST(Eventually(
      [&] { return Message(sink->counters().status).find("in use") != std::string::npos; }));
  script.hold = false;
  former->Close(20 * kSecond);
  BOOST_TEST(Eventually([&] { return sink->counters().delivered == 5; }));
  BOOST_TEST(script.written() == Range(0, 15), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_writer_that_hangs_is_given_up_and_costs_nothing) {
  script.hang = true;
  Make();
  sink->Offer(MakeRecords(0, 10));
  BOOST_TEST(Eventually([&] { return script.hanging.load(); }));
  BOOST_TEST(Eventually([&] { return sink->counters().spooled == 10; }));
  sink->Close(0);
  BOOST_TEST(sink->counters().kept == 10u);
  BOOST_TEST(Balances());
  sink = nullptr;
  script.Free();
  // Its thread lets go of the spool when it is back.
  Make();
  BOOST_TEST(Eventually([&] { return sink->counters().delivered == 10; }));
}

BOOST_AUTO_TEST_CASE(the_counters_balance_at_every_moment) {
  Make();
  std::atomic<bool> stop{false};
  std::atomic<int> unbalanced{0};
  std::thread watcher([&] {
    while (!stop) unbalanced += Balances() ? 0 : 1;
  });
  for (int i = 0; i < 200; ++i) sink->Offer(MakeRecords(i * 10, 10));
  BOOST_TEST(sink->Flush(20 * kSecond).ok());
  sink->Close(0);
  stop = true;
  watcher.join();
  BOOST_TEST(unbalanced == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
