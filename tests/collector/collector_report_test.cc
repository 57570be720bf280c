// SPDX-License-Identifier: Apache-2.0
#include "collector/collector_report.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {

BOOST_AUTO_TEST_SUITE(collector_report)

BOOST_AUTO_TEST_CASE(every_figure_of_a_tap_is_told_and_zeros_are_not) {
  pipeline::PipelineSnapshot snapshot;
  pipeline::TapSnapshot tap;
  tap.tap = "shop/a";
  tap.counters.offered = 10;
  tap.counters.filtered = 1;
  tap.counters.sampled = 2;
  tap.counters.limited = 3;
  tap.counters.match_over_budget = 14;
  tap.counters.redaction_over_budget = 15;
  tap.counters.dropped_orphans = 4;
  tap.counters.orphans[static_cast<size_t>(traffic::OrphanReason::kNone)] = 7;
  tap.counters.orphans[static_cast<size_t>(traffic::OrphanReason::kNeverArrived)] = 3;
  tap.counters.verdicts[static_cast<size_t>(traffic::Verdict::kServerError)] = 5;
  tap.ingress.proxies = 6;
  tap.ingress.lost_entries = 8;
  tap.ingress.broken_streams = 9;
  tap.completed = true;
  tap.peers_met = {{"10.0.0.2", "east"}};
  sinks::SinkCounters counters;
  counters.offered = 10;
  counters.delivered = 6;
  counters.queued = 1;
  counters.recovered = 1;
  counters.kept = 2;
  counters.spooled = 9;
  counters.replayed = 5;
  counters.dropped[static_cast<size_t>(sinks::DropReason::kTooLarge)] = 3;
  counters.status = absl::UnavailableError("broker down");
  tap.outputs["kafka"] = counters;
  snapshot.taps.push_back(tap);

  v1::CollectorReport report;
  collector::FillReport(snapshot, &report);
  BOOST_REQUIRE(report.taps_size() == 1);
  const auto& told = report.taps(0);
  BOOST_TEST(told.tap() == "shop/a");
  BOOST_TEST(told.offered() == 10u);
  BOOST_REQUIRE(told.peers_size() == 1);
  BOOST_TEST(told.peers(0).address() == "10.0.0.2");
  BOOST_TEST(told.peers(0).network() == "east");
  BOOST_TEST(told.pairs() == 7u);
  BOOST_TEST(told.orphans().size() == 1u);
  BOOST_TEST(told.orphans().at("NeverArrived") == 3u);
  BOOST_TEST(told.verdicts().at("ServerError") == 5u);
  BOOST_TEST(told.filtered() == 1u);
  BOOST_TEST(told.sampled() == 2u);
  BOOST_TEST(told.limited() == 3u);
  BOOST_TEST(told.match_over_budget() == 14u);
  BOOST_TEST(told.redaction_over_budget() == 15u);
  BOOST_TEST(told.dropped_orphans() == 4u);
  BOOST_TEST(told.proxies() == 6u);
  BOOST_TEST(told.lost_entries() == 8u);
  BOOST_TEST(told.broken_streams() == 9u);
  BOOST_TEST(told.completed());
  BOOST_REQUIRE(told.outputs_size() == 1);
  BOOST_TEST(told.outputs(0).name() == "kafka");
  BOOST_TEST(told.outputs(0).delivered() == 6u);
  BOOST_TEST(told.outputs(0).queued() == 1u);
  BOOST_TEST(told.outputs(0).dropped().size() == 1u);
  BOOST_TEST(told.outputs(0).dropped().at("TooLarge") == 3u);
  BOOST_TEST(told.outputs(0).recovered() == 1u);
  BOOST_TEST(told.outputs(0).kept() == 2u);
  BOOST_TEST(told.outputs(0).spooled() == 9u);
  BOOST_TEST(told.outputs(0).replayed() == 5u);
  BOOST_TEST(told.outputs(0).trouble() == "broker down");
}

BOOST_AUTO_TEST_CASE(a_recorder_and_its_dumps_are_told) {
  pipeline::PipelineSnapshot snapshot;
  pipeline::TapSnapshot tap;
  tap.tap = "shop/a";
  tap.counters.recorded = 9;
  tap.counters.overwritten = 3;
  tap.counters.dumped = 4;
  tap.counters.dumps = 1;
  pipeline::RecorderDump dump{100, "errors", 50, 60, 1, 4, 2, true};
  tap.recorder = pipeline::RecorderState{60, 2, 700, {dump}};
  snapshot.taps.push_back(tap);
  v1::CollectorReport report;
  collector::FillReport(snapshot, &report);
  const auto& told = report.taps(0);
  BOOST_TEST(told.recorded() == 9u);
  BOOST_TEST(told.overwritten() == 3u);
  BOOST_TEST(told.dumped() == 4u);
  BOOST_TEST(told.recorder().since() == 60);
  BOOST_TEST(told.recorder().records() == 2u);
  BOOST_TEST(told.recorder().bytes() == 700u);
  BOOST_REQUIRE(told.recorder().dumps_size() == 1);
  const auto& one = told.recorder().dumps(0);
  BOOST_TEST(one.time() == 100);
  BOOST_TEST(one.trigger() == "errors");
  BOOST_TEST(one.from() == 50);
  BOOST_TEST(one.held() == 60);
  BOOST_TEST(one.joined() == 1u);
  BOOST_TEST(one.records() == 4u);
  BOOST_TEST(one.gap() == 2u);
  BOOST_TEST(one.ended());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
