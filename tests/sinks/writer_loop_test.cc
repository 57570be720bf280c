// SPDX-License-Identifier: Apache-2.0
#include "sinks/writer_loop.h"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <thread>

#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fakes/scripted_writer.h"

namespace traffictap {

using base::kMillisecond;
using base::kSecond;
using fakes::MakeRecords;
using fakes::ScriptedWriter;
using sinks::DropReason;
using sinks::WriterLoop;

// A loop that the test steps, on a clock that the test turns.
struct WriterLoopTest {
  WriterLoopTest() { options.clock = &clock; }

  WriterLoop& Make() {
    loop = std::make_unique<WriterLoop>(std::make_unique<ScriptedWriter>(&script), options);
    return *loop;
  }
  uint64_t Dropped(DropReason reason) {
    return loop->counters().dropped[static_cast<size_t>(reason)];
  }
  bool Balances() {
    const auto c = loop->counters();
    return c.offered == c.delivered + c.queued +
                            std::accumulate(c.dropped.begin(), c.dropped.end(), uint64_t{0});
  }
  // Steps until the loop would wait; returns how long.
  base::Nanos StepOn() {
    for (int i = 0; i < 100; ++i) {
      if (const auto wait = loop->Step(); wait > 0) return wait;
    }
    return 0;
  }
  // A step that hangs in the writer, on a thread that ends with script.Free.
  std::thread Hang() {
    script.hang = true;
    std::thread stuck([this] { loop->Step(); });
    BOOST_TEST(fakes::Eventually([&] { return script.hanging.load(); }));
    return stuck;
  }

  fakes::ManualClock clock;
  sinks::WriterLoopOptions options;
  ScriptedWriter::Script script;
  std::unique_ptr<WriterLoop> loop;
};

BOOST_FIXTURE_TEST_SUITE(writer_loop, WriterLoopTest)

BOOST_AUTO_TEST_CASE(back_off_doubles_to_its_bound_and_starts_over_when_something_goes_through) {
  Make().Offer(MakeRecords(0, 3));
  script.hold = true;
  std::vector<base::Nanos> waits;
  for (int i = 0; i < 8; ++i) {
    waits.push_back(StepOn());
    clock.Advance(waits.back());
  }
  BOOST_TEST(
      waits == (std::vector<base::Nanos>{100 * kMillisecond, 200 * kMillisecond, 400 * kMillisecond,
                                         800 * kMillisecond, 1600 * kMillisecond,
                                         3200 * kMillisecond, 5 * kSecond, 5 * kSecond}),
      boost::test_tools::per_element());
  script.hold = false;
  BOOST_TEST(StepOn() == options.poll_interval);
  script.hold = true;
  loop->Offer(MakeRecords(3, 1));
  BOOST_TEST(StepOn() == 100 * kMillisecond);
}

BOOST_AUTO_TEST_CASE(a_back_off_is_not_cut_short_by_records_that_come_but_by_closing) {
  Make().Offer(MakeRecords(0, 1));
  script.hold = true;
  StepOn();
  const int polled = script.polled;
  loop->Offer(MakeRecords(1, 1));
  BOOST_TEST(loop->Step() == 100 * kMillisecond);
  BOOST_TEST(script.polled == polled);
  script.hold = false;
  loop->BeginClose(kSecond);
  BOOST_TEST(StepOn() == WriterLoop::kForever);
  BOOST_TEST(loop->Closed());
  BOOST_TEST(loop->counters().delivered == 2u);
}

BOOST_AUTO_TEST_CASE(a_writer_that_needs_no_poll_is_not_polled_for_it) {
  Make();
  BOOST_TEST(StepOn() == options.poll_interval);
  script.poll_interval = 7 * kSecond;
  BOOST_TEST(StepOn() == 7 * kSecond);
}

BOOST_AUTO_TEST_CASE(closing_tries_until_its_time_is_over_and_counts_the_rest) {
  Make().Offer(MakeRecords(0, 5));
  script.hold = true;
  loop->BeginClose(kSecond);
  int tries = 0;
  for (base::Nanos wait = 0; (wait = StepOn()) != WriterLoop::kForever; ++tries) {
    BOOST_TEST(!loop->Closed());
    clock.Advance(wait);
  }
  BOOST_TEST(tries == 10);
  BOOST_TEST(loop->Closed());
  BOOST_TEST(!loop->abandoned());
  BOOST_TEST(Dropped(DropReason::kClosed) == 5u);
  BOOST_TEST(script.closed == 1);
}

BOOST_AUTO_TEST_CASE(a_writer_that_never_returns_is_abandoned_and_its_records_are_counted) {
  Make().Offer(MakeRecords(0, 3));
  loop->Offer(MakeRecords(3, 2));
  auto stuck = Hang();
  loop->BeginClose(kSecond);
  clock.Advance(kSecond + options.abandon_after - 1);
  BOOST_TEST(!loop->Closed());
  BOOST_TEST(sinks::AbandonedWriters() == 0);
  clock.Advance(1);
  BOOST_TEST(loop->Closed());
  BOOST_TEST(sinks::AbandonedWriters() == 1);
  // What it has in its hands may be through; what it never saw is not.
  BOOST_TEST(Dropped(DropReason::kAbandoned) == 3u);
  BOOST_TEST(Dropped(DropReason::kClosed) == 2u);
  BOOST_TEST(loop->counters().queued == 0u);
  // It comes back after all: nothing is counted twice, and it is made to let go.
  script.Free();
  stuck.join();
  BOOST_TEST(loop->Step() == WriterLoop::kForever);
  BOOST_TEST(script.closed == 1);
  BOOST_TEST(loop->counters().delivered == 0u);
  BOOST_TEST(Balances());
  loop.reset();
  BOOST_TEST(sinks::AbandonedWriters() == 0);
}

BOOST_AUTO_TEST_CASE(a_writer_that_hangs_is_told_before_anybody_closes_it) {
  Make().Offer(MakeRecords(0, 1));
  auto stuck = Hang();
  clock.Advance(options.hung_after - 1);
  BOOST_TEST(loop->counters().status.ok());
  clock.Advance(1);
  BOOST_TEST(Message(loop->counters().status).find("no answer for 10 s") != std::string::npos);
  script.Free();
  stuck.join();
  BOOST_TEST(loop->counters().status.ok());
}

BOOST_AUTO_TEST_CASE(a_few_records_of_a_batch_do_not_keep_the_others_in_memory) {
  script.hold = true;
  Make();
  auto few = MakeRecords(0, 100, 1000);
  const std::weak_ptr<const traffic::RecordBatch> whole = few.batch;
  few.indexes = {7, 70};
  loop->Offer(std::move(few));
  BOOST_TEST(whole.expired());
  script.hold = false;
  StepOn();
  BOOST_TEST(script.written() == (std::vector<int>{7, 70}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(many_records_of_a_batch_are_charged_all_of_it) {
  const size_t whole = MakeRecords(0, 100, 1000).batch->footprint();
  options.queue_bytes_max = 2 * whole;
  script.hold = true;
  Make();
  for (int i = 0; i < 4; ++i) {
    auto half = MakeRecords(0, 100, 1000);
    for (uint32_t index = 0; index < 100; index += 2) half.indexes.push_back(index);
    loop->Offer(std::move(half));
  }
  BOOST_TEST(loop->counters().queued == 50u);
  BOOST_TEST(Dropped(DropReason::kQueueFull) == 150u);
}

BOOST_AUTO_TEST_CASE(what_the_writer_holds_stays_charged_until_it_is_settled) {
  options.memory = std::make_shared<sinks::MemoryPool>(size_t{100} << 20);
  options.tap = "shop/tap";
  script.settle_late = true;
  Make().Offer(MakeRecords(0, 10, 1000));
  const size_t charged = options.memory->bytes();
  BOOST_TEST(charged > 10'000u);
  StepOn();
  BOOST_TEST(script.written().size() == 10u);
  BOOST_TEST(options.memory->bytes() == charged);
  script.settle_late = false;
  StepOn();
  BOOST_TEST(options.memory->bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(an_output_that_uses_up_its_share_leaves_the_others_theirs) {
  options.memory = std::make_shared<sinks::MemoryPool>(size_t{1} << 20);
  options.tap = "shop/greedy";
  script.hold = true;
  Make();
  for (int i = 0; i < 1000; ++i) loop->Offer(MakeRecords(i, 1, 1000));
  BOOST_TEST(Dropped(DropReason::kQueueFull) > 500u);
  BOOST_TEST(Message(loop->counters().status).find("--memory") != std::string::npos);
  ScriptedWriter::Script well;
  options.tap = "shop/other";
  WriterLoop other(std::make_unique<ScriptedWriter>(&well), options);
  for (int i = 0; i < 1000; ++i) {
    other.Offer(MakeRecords(i, 1, 1000));
    other.Step();
  }
  BOOST_TEST(other.counters().delivered == 1000u);
  loop.reset();
  BOOST_TEST(options.memory->bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_writer_that_forgets_records_does_not_make_them_disappear) {
  script.settle_late = true;
  script.forget = true;
  Make().Offer(MakeRecords(0, 4));
  StepOn();
  loop->BeginClose(0);
  BOOST_TEST(StepOn() == WriterLoop::kForever);
  BOOST_TEST(Dropped(DropReason::kClosed) == 4u);
  BOOST_TEST(loop->counters().queued == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
