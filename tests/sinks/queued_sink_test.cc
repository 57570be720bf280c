// SPDX-License-Identifier: Apache-2.0
#include "sinks/queued_sink.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "contract/sink_outside.h"
#include "fakes/scripted_writer.h"

namespace traffictap {

using fakes::MakeRecords;
using fakes::ScriptedWriter;
using sinks::DropReason;
using sinks::QueuedSink;

struct QueuedSinkTest {
  std::unique_ptr<QueuedSink> Make(uint64_t queue_bytes_max = 64 << 20) {
    auto owned = std::make_unique<ScriptedWriter>(&script);
    return std::make_unique<QueuedSink>(std::move(owned), contract::QuickOptions(queue_bytes_max));
  }
  uint64_t Dropped(const QueuedSink& sink, DropReason reason) {
    return sink.counters().dropped[static_cast<size_t>(reason)];
  }
  ScriptedWriter::Script script;
};

BOOST_FIXTURE_TEST_SUITE(queued_sink, QueuedSinkTest)

BOOST_AUTO_TEST_CASE(a_writer_that_does_not_open_is_tried_again_and_nothing_is_lost) {
  script.open = {absl::UnavailableError("down"), absl::InvalidArgumentError("bad path"),
                 absl::OkStatus()};
  auto sink = Make();
  sink->Offer(MakeRecords(0, 3));
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(script.opened == 3);
  BOOST_TEST(script.written() == fakes::Range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_not_taken_is_asked_again_from_where_it_stopped) {
  script.write = {{2, absl::UnavailableError("later")},
                  {0, absl::ResourceExhaustedError("full")},
                  {1, absl::OkStatus()}};
  auto sink = Make();
  sink->Offer(MakeRecords(0, 5));
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(script.written() == fakes::Range(0, 5), boost::test_tools::per_element());
  BOOST_TEST(sink->counters().delivered == 5u);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_no_retry_heals_drops_the_rest_of_the_selection_alone) {
  script.write = {{2, absl::FailedPreconditionError("no such topic")}};
  auto sink = Make();
  sink->Offer(MakeRecords(0, 5));
  sink->Offer(MakeRecords(5, 2));
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(script.written() == (std::vector<int>{0, 1, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(Dropped(*sink, DropReason::kWriteFailed) == 3u);
}

BOOST_AUTO_TEST_CASE(a_record_larger_than_the_queue_gets_into_an_empty_one) {
  auto sink = Make(100);
  sink->Offer(MakeRecords(0, 1, 10'000));
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(sink->counters().delivered == 1u);
}

BOOST_AUTO_TEST_CASE(a_slow_writer_costs_what_does_not_fit_and_says_why) {
  script.stall = true;  // it fails in no way of its own that could be told in place of the queue
  auto sink = Make(1);
  sink->Offer(MakeRecords(0, 1));
  sink->Offer(MakeRecords(1, 4));
  BOOST_TEST(Dropped(*sink, DropReason::kQueueFull) == 4u);
  BOOST_TEST(sink->counters().status.code() == absl::StatusCode::kResourceExhausted);
  script.stall = false;
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(sink->counters().status.ok());
}

BOOST_AUTO_TEST_CASE(a_failed_flush_is_repeated) {
  script.flush = {absl::UnavailableError("not yet"), absl::OkStatus()};
  auto sink = Make();
  sink->Offer(MakeRecords(0, 1));
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(script.flushed == 2);
}

BOOST_AUTO_TEST_CASE(a_flush_waits_for_records_that_the_writer_settles_later) {
  script.settle_late = true;
  auto sink = Make();
  sink->Offer(MakeRecords(0, 4));
  BOOST_TEST(sink->Flush(20 * base::kMillisecond).code() == absl::StatusCode::kDeadlineExceeded);
  BOOST_TEST(sink->counters().queued == 4u);
  script.settle_late = false;
  BOOST_TEST(sink->Flush(10 * base::kSecond).ok());
  BOOST_TEST(sink->counters().delivered == 4u);
}

BOOST_AUTO_TEST_CASE(records_that_the_writer_never_settled_are_counted_as_closed) {
  script.settle_late = true;
  auto sink = Make();
  sink->Offer(MakeRecords(0, 4));
  BOOST_TEST(fakes::Eventually([&] { return script.written().size() == 4; }));
  sink->Close(0);
  BOOST_TEST(Dropped(*sink, DropReason::kClosed) == 4u);
  BOOST_TEST(sink->counters().queued == 0u);
}

BOOST_AUTO_TEST_CASE(the_writer_is_polled_while_nothing_comes_and_left_alone_after_close) {
  auto sink = Make();
  BOOST_TEST(fakes::Eventually([&] { return script.polled > 3; }));
  sink->Close(0);
  BOOST_TEST(script.closed == 1);
  const int polled = script.polled;
  sink->Close(0);
  sink.reset();
  BOOST_TEST(script.polled == polled);
  BOOST_TEST(script.closed == 1);
}

BOOST_AUTO_TEST_CASE(the_first_close_that_waits_is_waited_for_by_a_second_one) {
  script.hold = true;
  auto sink = Make();
  sink->Offer(MakeRecords(0, 2));
  std::thread first([&] { sink->Close(10 * base::kSecond); });
  BOOST_TEST(fakes::Eventually([&] { return !sink->Flush(0).ok(); }));
  std::thread second([&] { sink->Close(0); });
  script.hold = false;
  first.join();
  second.join();
  BOOST_TEST(sink->counters().offered ==
             sink->counters().delivered + Dropped(*sink, DropReason::kClosed));
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_writer_that_hangs_and_it_may_come_back_later) {
  script.hang = true;
  auto options = contract::QuickOptions();
  options.abandon_after = 20 * base::kMillisecond;
  auto sink = std::make_unique<QueuedSink>(std::make_unique<ScriptedWriter>(&script), options);
  sink->Offer(MakeRecords(0, 3));
  BOOST_TEST(fakes::Eventually([&] { return script.hanging.load(); }));
  sink->Close(0);
  BOOST_TEST(Dropped(*sink, DropReason::kAbandoned) == 3u);
  sink.reset();
  BOOST_TEST(sinks::AbandonedWriters() == 1);
  script.Free();
  BOOST_TEST(fakes::Eventually([&] { return sinks::AbandonedWriters() == 0; }));
  BOOST_TEST(script.closed == 1);
}

BOOST_AUTO_TEST_CASE(closing_begins_at_once_and_is_done_when_it_is_asked_for) {
  script.hold = true;
  auto sink = Make();
  sink->Offer(MakeRecords(0, 2));
  sink->BeginClose(60 * base::kSecond);
  BOOST_TEST(!sink->Closed());
  script.hold = false;
  BOOST_TEST(fakes::Eventually([&] { return sink->Closed(); }));
  BOOST_TEST(sink->counters().delivered == 2u);
}

BOOST_AUTO_TEST_CASE(every_drop_reason_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (size_t i = 0; i < sinks::kDropReasonCount; ++i)
    names.insert(ToString(static_cast<DropReason>(i)));
  BOOST_TEST(names.size() == sinks::kDropReasonCount);
  BOOST_TEST(!names.contains("Unknown"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
