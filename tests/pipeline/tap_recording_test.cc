// SPDX-License-Identifier: Apache-2.0

// The recorder between a tap and its real File outputs.
#include "pipeline/pipeline_fixture.h"

namespace traffictap {

using base::kSecond;

struct TapRecordingTest : PipelineTest {
  tap::TapSpec Recording(const std::string& name) {
    auto spec = Tap(name);
    spec.recorder.emplace();
    spec.recorder->before = 60 * kSecond;
    spec.recorder->after = 10 * kSecond;
    return spec;
  }
  void Dump(const std::string& name) {
    const auto status = pipeline->RequestDump("shop/" + name, {});
    BOOST_REQUIRE_MESSAGE(status.ok(), Message(status));
  }
  pipeline::RecorderState State(const std::string& name) {
    const auto state = Snapshot(name).recorder;
    BOOST_REQUIRE(state);
    return *state;
  }
  // Until a dump has begun.
  void AwaitDumps(const std::string& name, size_t dumps) {
    BOOST_REQUIRE(fakes::Eventually([&] { return State(name).dumps.size() == dumps; }));
  }
  void AwaitHeld(const std::string& name, uint64_t records) {
    BOOST_REQUIRE(fakes::Eventually([&] { return State(name).records == records; }));
  }
};

BOOST_FIXTURE_TEST_SUITE(tap_recording, TapRecordingTest)

BOOST_AUTO_TEST_CASE(without_a_trigger_nothing_reaches_an_output) {
  InForce({Recording("a")});
  for (int i = 0; i < 5; ++i) SendPair(i);
  AwaitHeld("a", 5);
  BOOST_TEST(Snapshot("a").outputs.at("file").offered == 0u);
  BOOST_TEST(Records("a").empty());
}

BOOST_AUTO_TEST_CASE(a_dump_writes_what_came_before_it_and_after_it_for_its_time) {
  InForce({Recording("a")});
  SendPair(1);
  AwaitHeld("a", 1);
  clock.Advance(100 * kSecond);
  SendPair(2);
  AwaitHeld("a", 2);
  clock.Advance(10 * kSecond);
  Dump("a");
  AwaitDumps("a", 1);
  SendPair(3);
  BOOST_REQUIRE(fakes::Eventually([&] { return Snapshot("a").counters.dumped == 2u; }));
  clock.Advance(10 * kSecond);
  BOOST_REQUIRE(fakes::Eventually([&] { return State("a").dumps[0].ended; }));
  SendPair(4);
  AwaitHeld("a", 2);
  BOOST_TEST(Records("a") == (Strings{"/2 Ok", "/3 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_output_gets_of_a_dump_what_its_match_wants) {
  auto spec = Recording("a");
  spec.outputs[0].match.response_codes = {{500, 599}};
  InForce({spec});
  SendPair(1, 200);
  SendPair(2, 503);
  AwaitHeld("a", 1);  // what no output wants takes no room
  Dump("a");
  AwaitDumps("a", 1);
  BOOST_TEST(Records("a") == (Strings{"/2 ServerError"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_counters_of_a_recorder_balance_over_edits_and_the_end) {
  auto spec = Recording("a");
  InForce({spec});
  for (int i = 0; i < 4; ++i) SendPair(i);
  AwaitHeld("a", 4);
  spec.content_hash = ++versions;
  spec.sampling.always_keep_errors = true;  // the recorder goes on
  InForce({spec});
  AwaitHeld("a", 4);
  spec.content_hash = ++versions;
  spec.recorder->bytes_max = 32 << 20;  // it begins anew
  InForce({spec});
  AwaitHeld("a", 0);
  SendPair(5);
  AwaitHeld("a", 1);
  const auto counters = Snapshot("a").counters;
  BOOST_TEST(counters.recorded == 5u);
  BOOST_TEST(counters.overwritten == 4u);
  BOOST_TEST(counters.dumped == 0u);
  BOOST_TEST(counters.records == counters.offered);
}

BOOST_AUTO_TEST_CASE(a_dump_under_way_is_written_when_an_edit_takes_the_recorder_away) {
  auto spec = Recording("a");
  InForce({spec});
  SendPair(1);
  AwaitHeld("a", 1);
  Dump("a");
  AwaitDumps("a", 1);
  spec.content_hash = ++versions;
  spec.recorder.reset();
  InForce({spec});
  SendPair(2);
  BOOST_TEST(Records("a") == (Strings{"/1 Ok", "/2 Ok"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_a_recorder_can_be_asked_for_a_dump) {
  InForce({Tap("a")});
  BOOST_TEST(absl::IsNotFound(pipeline->RequestDump("shop/b", {})));
  BOOST_TEST(absl::IsFailedPrecondition(pipeline->RequestDump("shop/a", {})));
}

BOOST_AUTO_TEST_CASE(what_a_recorder_holds_is_in_the_metrics) {
  InForce({Recording("a")});
  SendPair(1);
  AwaitHeld("a", 1);
  const std::string text = Metrics();
  BOOST_TEST(text.find("traffictap_tap_recorder_records{tap=\"shop/a\"} 1") != std::string::npos);
  BOOST_TEST(text.find("traffictap_tap_recorder_bytes{") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
