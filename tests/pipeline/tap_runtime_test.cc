// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_runtime.h"

#include "pipeline/pipeline_fixture.h"

namespace traffictap {

using base::kSecond;

BOOST_FIXTURE_TEST_SUITE(tap_runtime, PipelineTest)

BOOST_AUTO_TEST_CASE(max_records_ends_the_tap_exactly_there) {
  auto spec = Tap("a");
  spec.limits.max_records = 3;
  InForce({spec});
  for (int i = 0; i < 5; ++i) SendPair(i);
  Settle();
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").completed; }));
  const auto counters = Snapshot("a").counters;
  BOOST_TEST(counters.records == 5u);
  BOOST_TEST(counters.offered == 3u);
  BOOST_TEST(counters.limited == 2u);
  BOOST_TEST(Records("a").size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_edit_that_raises_a_limit_makes_a_completed_tap_run_again) {
  auto spec = Tap("a");
  spec.limits.max_records = 1;
  InForce({spec});
  SendPair(1);
  Settle();
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").completed; }));
  spec.limits.max_records = 2;
  spec.content_hash = ++versions;
  InForce({spec});
  SendPair(2);
  SendPair(3);
  // What was offered before the edit counts.
  BOOST_TEST(Records("a") == (Strings{"/1 Ok", "/2 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(duration_runs_on_the_steady_clock_and_over_edits) {
  auto spec = Tap("a");
  spec.limits.duration = 60 * kSecond;
  InForce({spec});
  clock.JumpWall(3600 * kSecond);
  clock.Advance(59 * kSecond);
  SendPair(1);
  Settle();
  spec.content_hash = ++versions;
  InForce({spec});
  clock.Advance(kSecond);
  // Without any traffic.
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").completed; }));
  SendPair(2);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_tap_runs_from_start_time_on_and_its_duration_with_it) {
  auto spec = Tap("a");
  spec.limits.start_time = clock.Wall() + 100 * kSecond;
  spec.limits.duration = 60 * kSecond;
  InForce({spec});
  SendPair(1);
  Settle();
  BOOST_TEST(Snapshot("a").counters.limited == 1u);
  clock.Advance(100 * kSecond);
  SendPair(2);
  Settle();
  clock.Advance(59 * kSecond);
  SendPair(3);
  Settle();
  clock.Advance(1 * kSecond);
  SendPair(4);
  Settle();
  BOOST_TEST(Snapshot("a").completed);
  BOOST_TEST(Records("a") == (Strings{"/2 Ok", "/3 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(end_time_is_the_first_moment_that_is_too_late) {
  auto spec = Tap("a");
  spec.limits.end_time = clock.Wall() + 10 * kSecond;
  InForce({spec});
  clock.Advance(10 * kSecond - 1);
  SendPair(1);
  Settle();
  clock.Advance(1);
  SendPair(2);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(max_records_per_second_lets_the_next_second_in_again) {
  auto spec = Tap("a");
  spec.limits.max_records_per_second = 2;
  InForce({spec});
  for (int i = 0; i < 4; ++i) SendPair(i);
  Settle();
  clock.Advance(kSecond);
  for (int i = 4; i < 8; ++i) SendPair(i);
  Settle();
  const auto snapshot = Snapshot("a");
  BOOST_TEST(snapshot.counters.offered == 4u);
  BOOST_TEST(snapshot.counters.limited == 4u);
  BOOST_TEST(!snapshot.completed);
}

BOOST_AUTO_TEST_CASE(what_max_records_per_second_left_out_is_known_by_edge_and_over_edits) {
  auto spec = Tap("a");
  spec.limits.max_records_per_second = 1;
  InForce({spec});
  for (int i = 0; i < 3; ++i) SendPair(i);
  Settle();
  spec.limits.max_records_per_second = 2;
  spec.content_hash = ++versions;
  InForce({spec});
  const auto edges = Snapshot("a").limited_edges.edges();
  BOOST_REQUIRE(edges.size() == 1u);
  BOOST_TEST(edges[0].source.ns == "shop");
  BOOST_TEST(edges[0].source.name == "client");
  BOOST_TEST(edges[0].destination.name == "server");
  BOOST_TEST(edges[0].records == 2u);
}

BOOST_AUTO_TEST_CASE(other_limits_leave_out_no_edge) {
  auto spec = Tap("a");
  spec.limits.max_records = 1;
  InForce({spec});
  for (int i = 0; i < 3; ++i) SendPair(i);
  Settle();
  BOOST_TEST(Snapshot("a").limited_edges.edges().empty());
}

BOOST_AUTO_TEST_CASE(records_of_a_sample_have_their_weight_and_are_counted_by_it) {
  auto spec = Tap("a");
  spec.sampling.ratio = 0.25;
  InForce({spec, Tap("all")});
  for (int i = 0; i < 100; ++i) SendPair(i);
  Settle();
  const auto counters = Snapshot("a").counters;
  const auto ok = static_cast<size_t>(traffic::Verdict::kOk);
  BOOST_TEST(counters.requests[ok] == 4 * counters.verdicts[ok]);
  BOOST_TEST(Snapshot("all").counters.requests[ok] == 100u);
  pipeline->Stop(10 * kSecond);
  BOOST_TEST(dir.Read("a.jsonl").find("\"weight\":4}") != std::string::npos);
  BOOST_TEST(dir.Read("all.jsonl").find("\"weight\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(dropped_orphans_are_counted_and_pairs_stay) {
  auto spec = Tap("a");
  spec.pairing.orphans = tap::OrphanPolicy::kDrop;
  InForce({spec});
  SendPair(1);
  Send(Client(2));
  WaitOut();
  BOOST_TEST(Snapshot("a").counters.dropped_orphans == 1u);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(open_streams_are_counted_apart_from_pairs_and_orphans) {
  InForce({Tap("a")});
  for (auto half : {Client(1), Server(1)}) {
    half.facts().moment = traffic::LogMoment::kPeriodic;
    Send(half);
  }
  WaitOut();
  SendPair(2);
  Settle();
  const auto counters = Snapshot("a").counters;
  BOOST_TEST(counters.offered == 2u);
  BOOST_TEST(counters.open == 1u);
  BOOST_TEST(counters.verdicts[static_cast<size_t>(traffic::Verdict::kOk)] == 1u);
  BOOST_TEST(counters.orphans[static_cast<size_t>(traffic::OrphanReason::kNone)] == 1u);
  BOOST_TEST(Records("a").size() == 2u);
}

BOOST_AUTO_TEST_CASE(sampling_keeps_whole_pairs_and_always_errors_and_slow_ones) {
  auto spec = Tap("a");
  spec.sampling.ratio = 0.5;
  auto errors = Tap("errors");
  errors.sampling = {0, true, false, kSecond};
  auto slow = Tap("slow");
  slow.sampling = {0, false, true, kSecond};
  InForce({spec, errors, slow});
  for (int i = 0; i < 200; ++i) SendPair(i, i % 10 == 0 ? 500 : 200);
  auto client = Client(200);
  client.facts().duration = 2 * kSecond;
  Send(client);
  Send(Server(200));
  WaitOut();
  const auto counters = Snapshot("a").counters;
  BOOST_TEST(counters.offered > 60u);
  BOOST_TEST(counters.offered < 140u);
  BOOST_TEST(counters.orphans[static_cast<size_t>(traffic::OrphanReason::kNone)] ==
             counters.offered);
  BOOST_TEST(Snapshot("errors").counters.offered == 20u);
  BOOST_TEST(Snapshot("errors").counters.sampled == 181u);
  BOOST_TEST(Records("slow") == (Strings{"/200 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_output_gets_what_its_own_match_says) {
  auto spec = Tap("all");
  auto errors = spec.outputs[0];
  errors.name = "errors";
  errors.file.path = "errors.jsonl";
  errors.match.response_codes = {{500, 599}};
  spec.outputs.push_back(errors);
  InForce({spec});
  SendPair(1);
  SendPair(2, 500);
  BOOST_TEST(Records("all").size() == 2u);
  BOOST_TEST(Records("errors") == (Strings{"/2 ServerError"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_backlog_reaches_the_outputs_in_pieces_that_fit_their_queues) {
  auto spec = Tap("a");
  spec.outputs[0].queue_bytes_max = 8 << 20;
  InForce({spec});
  auto& client = Stream("10.0.0.1", "client");
  for (int i = 0; i < 20'000; ++i) client.Consume(Client(i).Code(503).Connection("", "").entry());
  client.EndOfMessage();
  Settle();
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").counters.offered == 20'000; }));
  const auto counters = Snapshot("a").outputs.at("file");
  BOOST_TEST(counters.offered == 20'000u);
  BOOST_TEST(counters.dropped[static_cast<size_t>(sinks::DropReason::kQueueFull)] < 20'000u);
  pipeline->Stop(10 * kSecond);
  BOOST_TEST(Snapshot("a").outputs.at("file").delivered > 5'000u);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_redacted_though_outputs_match_on_what_was_seen) {
  auto spec = Tap("a");
  spec.outputs[0].match.paths = {{tap::PathMatchKind::kPrefix, "/1"}};
  InForce({spec});
  for (auto builder : {Client(1), Server(1)}) Send(builder.Path("/1?token=secret"));
  pipeline->Stop(10 * kSecond);
  const auto text = dir.Read("a.jsonl");
  BOOST_TEST(text.find("token") != std::string::npos);
  BOOST_TEST(text.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
