// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <thread>

#include "fakes/captured_log.h"
#include "fakes/scripted_writer.h"
#include "pipeline/pipeline_fixture.h"
#include "sinks/queued_sink.h"

namespace traffictap {

BOOST_FIXTURE_TEST_SUITE(pipeline_taps, PipelineTest)

BOOST_AUTO_TEST_CASE(a_tap_gets_what_comes_after_it_and_nothing_from_before) {
  SendPair(1);
  InForce({Tap("a")});
  SendPair(2);
  BOOST_TEST(Records("a") == (Strings{"/2 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_added_leaves_the_others_alone) {
  const auto first = Tap("a");
  InForce({first});
  SendPair(1);
  InForce({first, Tap("b")});
  const auto taps = pipeline->Taps();
  BOOST_REQUIRE(taps.size() == 2u);
  BOOST_TEST(taps[1]->name == "b");
  SendPair(2);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok", "/2 Ok"}), boost::test_tools::per_element());
  BOOST_TEST(Records("b") == (Strings{"/2 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_edited_tap_gets_a_pair_whose_halves_came_before_and_after) {
  auto spec = Tap("a");
  InForce({spec});
  Send(Client(1));
  spec.match.methods = {"GET"};
  spec.content_hash = ++versions;
  InForce({spec});
  Send(Server(1));
  BOOST_TEST(Records("a") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_output_whose_spec_did_not_change_is_kept_over_an_edit) {
  auto spec = Tap("a");
  InForce({spec});
  SendPair(1);
  Settle();
  spec.content_hash = ++versions;
  InForce({spec});
  SendPair(2);
  Settle();
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").outputs.at("file").offered == 2; }));
  BOOST_TEST(Snapshot("a").counters.offered == 2u);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok", "/2 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_output_that_changed_goes_on_in_the_same_file) {
  auto spec = Tap("a");
  InForce({spec});
  for (int i = 0; i < 50; ++i) SendPair(i);
  spec.content_hash = ++versions;
  spec.outputs[0].file.rotate_bytes = 1 << 30;
  InForce({spec});
  for (int i = 50; i < 100; ++i) SendPair(i);
  BOOST_TEST(Records("a").size() == 100u);
  // The counters are the tap's, not those of one life of the output.
  BOOST_TEST(fakes::Eventually([&] { return Snapshot("a").outputs.at("file").delivered == 100; }));
  BOOST_TEST(Snapshot("a").outputs.at("file").offered == 100u);
}

BOOST_AUTO_TEST_CASE(a_removed_tap_gets_all_it_admitted_and_what_waits_as_orphans) {
  const auto other = Tap("b");
  InForce({Tap("a"), other});
  for (int i = 0; i < 100; ++i) SendPair(i);
  Send(Client(100));
  InForce({other});
  Send(Server(100));
  SendPair(101);
  const auto seen = Records("a");
  BOOST_TEST(seen.size() == 101u);
  BOOST_TEST(std::count(seen.begin(), seen.end(), "/100 NeverArrived/source") +
                 std::count(seen.begin(), seen.end(), "/100 PeerNotTapped/source") +
                 std::count(seen.begin(), seen.end(), "/100 PeerNotMeshed/source") ==
             1);
  BOOST_TEST(Records("b").size() == 102u);
}

BOOST_AUTO_TEST_CASE(a_tap_that_comes_back_has_nothing_of_its_former_life) {
  auto spec = Tap("a");
  const auto other = Tap("b");
  InForce({spec, other});
  Send(Client(1));
  InForce({other});
  InForce({spec, other});
  Send(Server(1));
  WaitOut();
  const auto seen = Records("a");
  BOOST_TEST(seen.size() == 2u);
  BOOST_TEST(std::count(seen.begin(), seen.end(), "/1 Ok") == 0);
}

BOOST_AUTO_TEST_CASE(no_entry_is_lost_while_taps_change_under_traffic) {
  const auto steady = Tap("steady");
  InForce({steady});
  constexpr int kPairs = 2'000;
  std::atomic<int> sent{0};
  std::thread traffic([&] {
    for (int i = 0; i < kPairs; ++i) {
      SendPair(i);
      ++sent;
    }
  });
  for (int i = 0; i < 9; ++i) {
    BOOST_TEST(fakes::Eventually([&] { return sent >= i * kPairs / 10; }));
    auto edited = Tap("edited");
    if (i % 2 == 0) edited.match.methods = {"GET"};
    std::vector<tap::TapSpec> taps = {steady, edited};
    if (i % 4 == 0) taps.push_back(Tap("now-and-then"));
    InForce(taps);
  }
  traffic.join();
  Settle();
  const auto snapshot = pipeline->Snapshot();
  BOOST_TEST(snapshot.ingress.kept == 2u * kPairs);
  const auto edited = Snapshot("edited").counters.offered;
  BOOST_TEST(Records("steady").size() == size_t{kPairs});
  BOOST_TEST(Records("edited").size() >= edited);
}

BOOST_AUTO_TEST_CASE(a_tap_that_cannot_work_is_refused_and_its_former_version_stays) {
  auto spec = Tap("a");
  InForce({spec});
  auto bad = spec;
  bad.content_hash = ++versions;
  bad.redaction.rules.push_back({"(", ""});
  const auto faults = Set({bad, Tap("b")});
  BOOST_REQUIRE(faults.size() == 1u);
  BOOST_TEST(faults[0].tap == "shop/a");
  BOOST_TEST(faults[0].status.code() == absl::StatusCode::kInvalidArgument);
  SendPair(1);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
  BOOST_TEST(Records("b") == (Strings{"/1 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(as_many_taps_as_the_bound_says_and_the_next_is_told_so) {
  constexpr size_t kMax = traffic::TapSet::kTapsMax;
  std::vector<tap::TapSpec> taps;
  for (size_t i = 0; i <= kMax; ++i) {
    auto spec = Tap(fmt::format("tap-{}", i));
    spec.outputs.clear();
    taps.push_back(spec);
  }
  auto faults = Set(taps);
  BOOST_REQUIRE(faults.size() == 1u);
  BOOST_TEST(faults[0].tap == taps[kMax].key());
  BOOST_TEST(faults[0].status.code() == absl::StatusCode::kResourceExhausted);
  BOOST_TEST(Message(faults[0].status).find(std::to_string(kMax)) != std::string::npos);
  BOOST_TEST(pipeline->Snapshot().taps.size() == kMax);
  // One leaves, and the same change lets the other one in.
  taps.erase(taps.begin());
  InForce(taps);
  SendPair(1);
  Settle();
  BOOST_TEST(Snapshot(fmt::format("tap-{}", kMax)).counters.offered == 1u);
}

BOOST_AUTO_TEST_CASE(stopping_writes_what_waits_and_a_change_after_it_is_refused) {
  InForce({Tap("a")});
  SendPair(1);
  Send(Client(2));
  BOOST_TEST(Records("a").size() == 2u);
  const auto faults = Set({Tap("b")});
  BOOST_REQUIRE(faults.size() == 1u);
  BOOST_TEST(faults[0].status.code() == absl::StatusCode::kFailedPrecondition);
  pipeline->Stop(0);
}

BOOST_AUTO_TEST_CASE(an_output_that_hangs_holds_neither_edits_nor_other_taps) {
  fakes::ScriptedWriter::Script hung;
  hung.hang = true;
  pipeline::PipelineOptions options;
  options.output_close_wait = 0;
  options.open_sink =
      [&](const tap::OutputSpec& spec,
          const sinks::SinkContext& context) -> StatusOr<std::unique_ptr<sinks::Sink>> {
    if (spec.name != "hung") return sinks::OpenSink(spec, context);
    sinks::QueuedSinkOptions quick;
    quick.abandon_after = 10 * base::kMillisecond;
    return std::make_unique<sinks::QueuedSink>(std::make_unique<fakes::ScriptedWriter>(&hung),
                                               quick);
  };
  Start(options);
  auto bad = Tap("a");
  bad.outputs[0].name = "hung";
  InForce({bad, Tap("b")});
  SendPair(1);
  BOOST_TEST(fakes::Eventually([&] { return hung.hanging.load(); }));
  const auto other = Tap("c");
  InForce({other});
  SendPair(2);
  BOOST_TEST(Records("c") == (Strings{"/2 Ok"}), boost::test_tools::per_element());
  BOOST_TEST(sinks::AbandonedWriters() == 1);
  hung.Free();
  BOOST_TEST(fakes::Eventually([&] { return sinks::AbandonedWriters() == 0; }));
}

BOOST_AUTO_TEST_CASE(every_counter_is_in_the_log_when_a_tap_ends_and_when_all_ends) {
  const fakes::CapturedLog log("pipeline");
  const auto told = [&](const std::string& words) {
    return log.Lines("final counters " + words).size() == 1;
  };
  InForce({Tap("a"), Tap("b")});
  SendPair(1);
  Send(Client(2));
  InForce({Tap("b")});
  BOOST_TEST(fakes::Eventually([&] { return told("tap=shop/a records=2 offered=2"); }));
  BOOST_TEST(told("tap=shop/a output=\"file\" offered=2 delivered=2"));
  BOOST_TEST(!told("tap=shop/b records"));
  pipeline->Stop(10 * base::kSecond);
  BOOST_TEST(told("tap=shop/b output=\"file\" offered=2 delivered=2"));
  BOOST_TEST(told("tap=shop/b records=2 offered=2"));
  BOOST_TEST(told("entries received=3 kept=3"));
}

BOOST_AUTO_TEST_CASE(a_tap_that_is_edited_or_comes_back_continues_with_what_it_is_leased) {
  pipeline::RecordLeases leases;
  pipeline::PipelineOptions options;
  options.leases = &leases;
  Start(options);
  auto spec = Tap("a");
  spec.limits.max_records = 10;
  spec.lease = "uid-a";
  const auto offered = [&](uint64_t records, uint64_t limited) {
    return fakes::Eventually([&] {
      const auto counters = Snapshot("a").counters;
      return counters.offered == records && counters.limited == limited;
    });
  };
  InForce({spec});
  leases.Grant({{"uid-a", 2}});
  for (int i = 1; i <= 3; ++i) SendPair(i);
  BOOST_TEST(offered(2, 1));
  spec.content_hash = ++versions;
  InForce({spec});
  SendPair(4);
  BOOST_TEST(offered(2, 2));
  InForce({});
  leases.Grant({{"uid-a", 3}});
  InForce({spec});
  for (int i = 5; i <= 6; ++i) SendPair(i);
  BOOST_TEST(offered(1, 1));
  BOOST_TEST(leases.states().at("uid-a").taken == 3u);
  pipeline->Stop(base::kSecond);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
