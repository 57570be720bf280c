// SPDX-License-Identifier: Apache-2.0

// What every sink does, whatever stands outside. A new kind of sink joins `Outsides`.
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <thread>

#include "contract/kafka_outside.h"
#include "contract/otlp_outside.h"
#include "contract/sink_outside.h"

namespace traffictap {

using Outsides =
    boost::mpl::list<contract::FileOutside, contract::StdoutOutside, contract::KafkaOutside,
                     contract::OtlpGrpcOutside, contract::OtlpHttpOutside>;

using fakes::MakeRecords;
using fakes::Range;
using sinks::DropReason;
using sinks::QueuedSink;
using sinks::SinkCounters;

constexpr base::Nanos kLong = 20 * base::kSecond;

uint64_t Dropped(const SinkCounters& counters) {
  return std::accumulate(counters.dropped.begin(), counters.dropped.end(), uint64_t{0});
}

uint64_t Dropped(const SinkCounters& counters, DropReason reason) {
  return counters.dropped[static_cast<size_t>(reason)];
}

bool Balances(const SinkCounters& counters) {
  return counters.offered == counters.delivered + Dropped(counters) + counters.queued;
}

template <typename Outside>
struct Bench {
  explicit Bench(uint64_t queue_bytes_max = 64 << 20)
      : options(contract::QuickOptions(queue_bytes_max)) {}
  QueuedSink& Open() {
    sink = std::make_unique<QueuedSink>(outside.MakeWriter(), options);
    return *sink;
  }
  Outside outside;
  sinks::QueuedSinkOptions options;
  std::unique_ptr<QueuedSink> sink;
};

BOOST_AUTO_TEST_SUITE(sink_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(records_come_through_in_the_order_of_their_offers, Outside,
                              Outsides) {
  Bench<Outside> bench;
  auto& sink = bench.Open();
  for (int i = 0; i < 30; ++i) sink.Offer(MakeRecords(i * 10, 10, 500));
  BOOST_TEST(sink.Flush(kLong).ok());
  const SinkCounters counters = sink.counters();
  BOOST_TEST(counters.delivered == 300u);
  BOOST_TEST(counters.queued == 0u);
  BOOST_TEST(counters.delivered_bytes > 300u * 500u);
  BOOST_TEST(counters.status.ok());
  BOOST_TEST(bench.outside.Received() == Range(0, 300), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(only_the_chosen_records_of_a_batch_come_through, Outside, Outsides) {
  Bench<Outside> bench;
  auto& sink = bench.Open();
  auto records = MakeRecords(0, 10);
  records.indexes = {1, 4, 9};
  sink.Offer(records);
  sink.Offer({nullptr, {}});
  BOOST_TEST(sink.Flush(kLong).ok());
  BOOST_TEST(sink.counters().offered == 3u);
  BOOST_TEST(bench.outside.Received() == (std::vector<int>{1, 4, 9}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_counters_balance_at_every_moment_and_a_flush_ends_under_load,
                              Outside, Outsides) {
  Bench<Outside> bench(256 << 10);
  auto& sink = bench.Open();
  std::atomic<bool> stop{false};
  std::atomic<int> unbalanced{0};
  std::thread watcher([&] {
    while (!stop) unbalanced += Balances(sink.counters()) ? 0 : 1;
  });
  std::thread offerer([&] {
    for (int i = 0; !stop; ++i) sink.Offer(MakeRecords(i * 10, 10, 200));
  });
  BOOST_TEST(fakes::Eventually([&] { return sink.counters().offered > 1000; }));
  for (int i = 0; i < 3; ++i) {
    const uint64_t offered = sink.counters().offered;
    BOOST_TEST(sink.Flush(kLong).ok());
    const SinkCounters counters = sink.counters();
    BOOST_TEST(counters.delivered + Dropped(counters) >= offered);
  }
  stop = true;
  offerer.join();
  watcher.join();
  BOOST_TEST(unbalanced == 0);
  sink.Close(kLong);
  BOOST_TEST(sink.counters().queued == 0u);
  BOOST_TEST(bench.outside.Received().size() == sink.counters().delivered);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_flushes_and_the_second_time_does_nothing, Outside, Outsides) {
  Bench<Outside> bench;
  auto& sink = bench.Open();
  sink.Offer(MakeRecords(0, 20));
  sink.Close(kLong);
  const SinkCounters closed = sink.counters();
  BOOST_TEST(closed.delivered == 20u);
  sink.Close(kLong);
  BOOST_TEST(sink.counters().delivered == 20u);
  BOOST_TEST(bench.outside.Received() == Range(0, 20), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_comes_through_after_close, Outside, Outsides) {
  Bench<Outside> bench;
  auto& sink = bench.Open();
  sink.Offer(MakeRecords(0, 5));
  sink.Close(kLong);
  sink.Offer(MakeRecords(5, 7));
  BOOST_TEST(sink.Flush(kLong).ok());
  const SinkCounters counters = sink.counters();
  BOOST_TEST(counters.offered == 12u);
  BOOST_TEST(Dropped(counters, DropReason::kClosed) == 7u);
  BOOST_TEST(Balances(counters));
  BOOST_TEST(bench.outside.Received() == Range(0, 5), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_broken_outside_is_told_retried_and_heals_without_loss, Outside,
                              Outsides) {
  Bench<Outside> bench;
  bench.outside.Break();
  auto& sink = bench.Open();
  sink.Offer(MakeRecords(0, 10));
  BOOST_TEST(fakes::Eventually([&] { return !sink.counters().status.ok(); }));
  BOOST_TEST(IsRetryable(sink.counters().status));
  BOOST_TEST(sink.Flush(10 * base::kMillisecond).code() == absl::StatusCode::kDeadlineExceeded);
  sink.Offer(MakeRecords(10, 10));
  BOOST_TEST(sink.counters().queued == 20u);
  bench.outside.Heal();
  BOOST_TEST(sink.Flush(kLong).ok());
  BOOST_TEST(sink.counters().status.ok());
  BOOST_TEST(bench.outside.Received() == Range(0, 20), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    offers_to_a_broken_outside_never_wait_and_what_does_not_fit_is_counted, Outside, Outsides) {
  Bench<Outside> bench(100 << 10);
  bench.outside.Break();
  auto& sink = bench.Open();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) sink.Offer(MakeRecords(i * 10, 10, 1000));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(2)));
  const SinkCounters full = sink.counters();
  BOOST_TEST(full.offered == 1000u);
  BOOST_TEST(Dropped(full, DropReason::kQueueFull) > 500u);
  BOOST_TEST(Balances(full));
  bench.outside.Heal();
  BOOST_TEST(sink.Flush(kLong).ok());
  const auto received = bench.outside.Received();
  BOOST_TEST(received.size() == sink.counters().delivered);
  BOOST_TEST(std::is_sorted(received.begin(), received.end()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_with_a_broken_outside_ends_and_counts_the_rest, Outside,
                              Outsides) {
  Bench<Outside> bench;
  bench.outside.Break();
  auto& sink = bench.Open();
  sink.Offer(MakeRecords(0, 10));
  const auto begin = std::chrono::steady_clock::now();
  sink.Close(50 * base::kMillisecond);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(8)));
  BOOST_TEST(Dropped(sink.counters(), DropReason::kClosed) == 10u);
  BOOST_TEST(Balances(sink.counters()));
  bench.outside.Heal();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
