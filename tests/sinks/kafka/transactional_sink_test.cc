// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/transactional_sink.h"

#include <boost/test/unit_test.hpp>

#include "fakes/record_transaction.h"
#include "fakes/records.h"

namespace traffictap {

using fakes::MakeRecords;
using sinks::DropReason;
using sinks::SinkCounters;

struct TransactionalSinkTest {
  TransactionalSinkTest() {
    spec.topic = "records";
    sink = std::make_unique<sinks::TransactionalSink>(spec, "shop/tap out", &transaction);
  }
  uint64_t Dropped(DropReason reason) const {
    return sink->counters().dropped[static_cast<size_t>(reason)];
  }
  static std::string Lines(const std::vector<fakes::RecordTransaction::Message>& messages) {
    std::string out;
    for (const auto& message : messages) out += message.value + "\n";
    return out;
  }

  tap::KafkaOutput spec;
  fakes::RecordTransaction transaction;
  std::unique_ptr<sinks::TransactionalSink> sink;
};

BOOST_FIXTURE_TEST_SUITE(transactional_sink, TransactionalSinkTest)

BOOST_AUTO_TEST_CASE(records_count_once_their_transaction_is_committed) {
  auto records = MakeRecords(0, 4);
  records.indexes = {1, 3};
  sink->Offer(records);
  sink->Offer({nullptr, {}});
  BOOST_TEST(sink->counters().offered == 0u);
  BOOST_TEST(sink->counters().queued == 0u);
  BOOST_TEST(sink->Flush(0).code() == absl::StatusCode::kDeadlineExceeded);
  transaction.End(true);
  BOOST_TEST(sink->Flush(0).ok());
  const SinkCounters counters = sink->counters();
  BOOST_TEST(counters.offered == 2u);
  BOOST_TEST(counters.delivered == 2u);
  BOOST_TEST(counters.delivered_bytes > 0u);
  BOOST_TEST(fakes::NumbersOf(Lines(transaction.committed)) == (std::vector<int>{1, 3}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_has_topic_key_and_headers_of_the_record) {
  const auto records = MakeRecords(0, 1);
  sink->Offer(records);
  BOOST_REQUIRE(transaction.open.size() == 1u);
  BOOST_TEST(transaction.open[0].topic == "records");
  BOOST_TEST(transaction.open[0].key == records.batch->key(0));
  BOOST_TEST(transaction.open[0].headers[0].first == "content-type");
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_is_in_no_counter_and_counts_when_it_comes_again) {
  sink->Offer(MakeRecords(0, 3));
  transaction.End(false);
  BOOST_TEST(sink->counters().offered == 0u);
  sink->Offer(MakeRecords(0, 3));
  transaction.End(true);
  BOOST_TEST(sink->counters().offered == 3u);
  BOOST_TEST(sink->counters().delivered == 3u);
  BOOST_TEST(Dropped(DropReason::kClosed) == 0u);
}

BOOST_AUTO_TEST_CASE(an_output_that_is_refused_drops_its_records_and_says_why) {
  transaction.refusal = absl::FailedPreconditionError("another cluster");
  sink->Offer(MakeRecords(0, 3));
  BOOST_TEST(sink->counters().offered == 3u);
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 3u);
  BOOST_TEST(Message(sink->counters().status) == "another cluster");
  transaction.refusal = absl::OkStatus();
  sink->Offer(MakeRecords(3, 1));
  transaction.End(true);
  BOOST_TEST(sink->counters().status.ok());
}

BOOST_AUTO_TEST_CASE(a_record_that_is_too_large_is_dropped_alone) {
  spec.max_record_bytes = 1000;
  sink = std::make_unique<sinks::TransactionalSink>(spec, "shop/tap out", &transaction);
  sink->Offer(MakeRecords(0, 1, 2000));
  sink->Offer(MakeRecords(1, 1));
  transaction.End(true);
  BOOST_TEST(Dropped(DropReason::kTooLarge) == 1u);
  BOOST_TEST(sink->counters().delivered == 1u);
}

BOOST_AUTO_TEST_CASE(it_is_closed_once_its_transaction_has_ended) {
  sink->Offer(MakeRecords(0, 2));
  sink->BeginClose(0);
  BOOST_TEST(!sink->Closed());
  sink->Offer(MakeRecords(2, 1));
  BOOST_TEST(Dropped(DropReason::kClosed) == 1u);
  transaction.End(true);
  BOOST_TEST(sink->Closed());
  BOOST_TEST(sink->counters().delivered == 2u);
}

// Whoever takes them again has another output.
BOOST_AUTO_TEST_CASE(what_is_taken_back_from_one_that_closes_is_counted_as_dropped) {
  sink->Offer(MakeRecords(0, 2));
  sink->BeginClose(0);
  transaction.End(false);
  BOOST_TEST(sink->Closed());
  BOOST_TEST(sink->counters().offered == 2u);
  BOOST_TEST(Dropped(DropReason::kClosed) == 2u);
}

BOOST_AUTO_TEST_CASE(it_may_go_before_its_transaction) {
  sink->Offer(MakeRecords(0, 2));
  sink.reset();
  transaction.End(true);
  BOOST_TEST(transaction.committed.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
