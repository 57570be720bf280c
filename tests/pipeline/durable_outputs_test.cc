// SPDX-License-Identifier: Apache-2.0

// What becomes of records on disk when taps change and when the process ends. The destination is
// away: a directory of the file's path is a file.
#include <fstream>

#include "pipeline/pipeline_fixture.h"

namespace traffictap {

struct DurableOutputsTest : PipelineTest {
  DurableOutputsTest() { Restart(); }

  void Restart() {
    pipeline.reset();
    pipeline::PipelineOptions options;
    options.spool_dir = spool.path().string();
    options.output_close_wait = 50 * base::kMillisecond;
    Start(options);
  }
  void Away() { std::ofstream(dir / "away") << "not a directory"; }
  void Back() { std::filesystem::remove(dir / "away"); }

  tap::TapSpec Durable(const std::string& output = "out") {
    auto spec = Tap("durable");
    spec.outputs[0].name = output;
    spec.outputs[0].file.path = "away/records.jsonl";
    spec.outputs[0].delivery.delivery_class = tap::DeliveryClass::kDurable;
    return spec;
  }
  sinks::SinkCounters Counters(const std::string& output = "out") {
    return Snapshot("durable").outputs[output];
  }
  uint64_t Delivered() { return Counters().delivered; }
  size_t Lines() {
    const std::string text = dir.Read("away/records.jsonl");
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  bool OnDisk(const std::string& output = "out") {
    return std::filesystem::exists(spool / ("shop/durable/" + output + "/ledger"));
  }
  void SendAway() {
    Away();
    InForce({Durable()});
    SendPair(1);
    SendPair(2);
    Settle();
    BOOST_TEST(fakes::Eventually([&] {
      clock.Advance(base::kSecond);
      return Counters().spooled == 2;
    }));
  }

  fakes::TempDir spool;
};

BOOST_FIXTURE_TEST_SUITE(durable_outputs, DurableOutputsTest)

BOOST_AUTO_TEST_CASE(records_of_one_life_are_delivered_in_the_next) {
  SendAway();
  pipeline->Stop(0);
  BOOST_TEST(Counters().kept == 2u);
  BOOST_TEST(Counters().queued == 0u);
  Back();
  Restart();
  InForce({Durable()});
  BOOST_TEST(fakes::Eventually([&] { return Delivered() == 2; }));
  BOOST_TEST(Counters().recovered == 2u);
  BOOST_TEST(Lines() == 2u);
}

BOOST_AUTO_TEST_CASE(an_edit_that_heals_the_destination_delivers_what_waited) {
  SendAway();
  auto healed = Durable();
  healed.outputs[0].file.path = "there/records.jsonl";
  InForce({healed});
  BOOST_TEST(fakes::Eventually([&] { return Delivered() == 2; }));
  const std::string text = dir.Read("there/records.jsonl");
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2);
  // The sums over both lives: each record came once and went once.
  BOOST_TEST(fakes::Eventually([&] { return Counters().kept == 2; }));
  const auto counters = Counters();
  BOOST_TEST(counters.offered + counters.recovered ==
             counters.delivered + counters.queued + counters.kept);
}

BOOST_AUTO_TEST_CASE(with_the_tap_its_records_on_disk_go_and_the_log_says_how_many) {
  SendAway();
  BOOST_TEST(OnDisk());
  InForce({});
  BOOST_TEST(fakes::Eventually([&] { return spool.Names().empty(); }));
}

BOOST_AUTO_TEST_CASE(an_output_that_is_renamed_or_no_longer_durable_takes_its_records_along) {
  for (const bool renamed : {true, false}) {
    SendAway();
    auto edited = Durable("other");
    if (!renamed) {
      edited = Durable();
      edited.outputs[0].delivery.delivery_class = tap::DeliveryClass::kBestEffort;
    }
    InForce({edited});
    BOOST_TEST(fakes::Eventually([&] { return !OnDisk("out"); }));
    BOOST_TEST(fakes::Eventually(
        [&] { return Counters().dropped[static_cast<size_t>(sinks::DropReason::kClosed)] == 2; }));
    Restart();
  }
}

BOOST_AUTO_TEST_CASE(without_a_directory_for_it_the_tap_is_refused_with_what_to_do) {
  pipeline.reset();
  Start({});
  const auto faults = Set({Durable()});
  BOOST_REQUIRE(faults.size() == 1u);
  BOOST_TEST(Message(faults[0].status).find("--spool-dir") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
