// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_drain.h"

#include "fakes/scripted_writer.h"
#include "sinks/spool/spool_fixture.h"
#include "traffic/record_codec.h"

namespace traffictap {

using base::kSecond;
using fakes::MakeRecords;
using fakes::Range;
using fakes::ScriptedWriter;
using sinks::DropReason;

// A drain that the test steps, on a clock that the test turns.
struct SpoolDrainTest : SpoolTest {
  SpoolDrainTest() {
    options.bytes_max = 100 << 20;
    Start();
  }
  void Start() {
    drain.reset();
    shared.reset();
    Make();
    shared = std::shared_ptr<sinks::Spool>(std::move(spool));
    sinks::WriterLoopOptions loop;
    loop.clock = &clock;
    loop.name = "shop/tap output";
    drain = std::make_unique<sinks::SpoolDrain>(shared, std::make_unique<ScriptedWriter>(&script),
                                                loop);
  }
  void Spool(const traffic::RecordSelection& records) {
    BOOST_TEST(shared
                   ->Append(traffic::EncodeRecords(records, 0, records.size()),
                            static_cast<uint32_t>(records.size()))
                   .ok());
  }
  void StepOn(int steps = 30) {
    for (int i = 0; i < steps; ++i) clock.Advance(std::min(drain->Step(), kSecond));
  }
  uint64_t Dropped(DropReason reason) const {
    return drain->counters().dropped[static_cast<size_t>(reason)];
  }

  std::shared_ptr<sinks::Spool> shared;
  ScriptedWriter::Script script;
  std::unique_ptr<sinks::SpoolDrain> drain;
};

BOOST_FIXTURE_TEST_SUITE(spool_drain, SpoolDrainTest)

BOOST_AUTO_TEST_CASE(blocks_go_to_the_writer_together_and_in_their_order) {
  for (int i = 0; i < 10; ++i) Spool(MakeRecords(10 * i, 10));
  StepOn();
  BOOST_TEST(script.written() == Range(0, 100), boost::test_tools::per_element());
  BOOST_TEST(drain->counters().delivered == 100u);
  BOOST_TEST(drain->counters().replayed == 0u);
  BOOST_TEST(shared->counters().held == 0u);
  BOOST_TEST(script.flushed == 1);
}

BOOST_AUTO_TEST_CASE(records_are_the_same_and_have_the_same_ids) {
  const auto records = MakeRecords(0, 3);
  Spool(records);
  StepOn();
  std::string lines;
  for (size_t i = 0; i < 3; ++i) lines += records.batch->json_line(i);
  BOOST_TEST(script.lines == lines);
}

BOOST_AUTO_TEST_CASE(nothing_is_acknowledged_before_the_writer_has_settled_all_of_it) {
  script.settle_late = true;
  Spool(MakeRecords(0, 10));
  StepOn();
  BOOST_TEST(script.written().size() == 10u);
  BOOST_TEST(shared->counters().held == 10u);
  BOOST_TEST(drain->counters().delivered == 0u);
  script.settle_late = false;
  StepOn();
  BOOST_TEST(shared->counters().held == 0u);
  BOOST_TEST(drain->counters().delivered == 10u);
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_unsettled_comes_again_and_counts_as_replayed) {
  script.settle_late = true;
  Spool(MakeRecords(0, 10));
  StepOn();
  script.settle_late = false;
  Start();
  StepOn();
  std::vector<int> twice = Range(0, 10);
  const auto again = Range(0, 10);
  twice.insert(twice.end(), again.begin(), again.end());
  BOOST_TEST(script.written() == twice, boost::test_tools::per_element());
  BOOST_TEST(drain->counters().replayed == 10u);
  BOOST_TEST(drain->counters().delivered == 10u);
}

BOOST_AUTO_TEST_CASE(a_destination_that_is_away_for_an_hour_costs_nothing) {
  script.hold = true;
  Spool(MakeRecords(0, 10));
  for (int i = 0; i < 3600; ++i) {
    drain->Step();
    clock.Advance(kSecond);
    BOOST_TEST(shared->Poll().ok());
  }
  BOOST_TEST(!drain->counters().status.ok());
  script.hold = false;
  StepOn();
  BOOST_TEST(script.written() == Range(0, 10), boost::test_tools::per_element());
  BOOST_TEST(drain->counters().status.ok());
}

BOOST_AUTO_TEST_CASE(a_refusal_that_somebody_can_heal_drops_nothing) {
  script.write = {{4, absl::PermissionDeniedError("no right to the topic")}};
  Spool(MakeRecords(0, 10));
  StepOn();
  BOOST_TEST(script.written() == Range(0, 10), boost::test_tools::per_element());
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 0u);
}

BOOST_AUTO_TEST_CASE(records_that_are_refused_for_ever_are_dropped_counted_and_hold_up_no_others) {
  script.write = {{4, absl::InvalidArgumentError("malformed")}};
  Spool(MakeRecords(0, 10));
  StepOn();
  Spool(MakeRecords(10, 1));
  StepOn();
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 6u);
  BOOST_TEST(script.written() == (std::vector<int>{0, 1, 2, 3, 10}),
             boost::test_tools::per_element());
  BOOST_TEST(shared->counters().held == 0u);
}

BOOST_AUTO_TEST_CASE(records_of_another_tap_keep_its_name) {
  Spool(MakeRecords(0, 2));
  const auto origin =
      std::make_shared<const traffic::RecordOrigin>(traffic::RecordOrigin{"shop/other"});
  auto batch = std::make_shared<traffic::RecordBatch>(origin);
  const auto source = MakeRecords(2, 1);
  const auto node = fakes::MakeNode("10.0.0.1");
  batch->Add(source.batch->pair(0), {&node, 1});
  Spool({batch, {}});
  Spool(MakeRecords(3, 1));
  StepOn();
  BOOST_TEST(script.written() == Range(0, 4), boost::test_tools::per_element());
  BOOST_TEST(script.lines.find(std::string(batch->json_line(0))) != std::string::npos);
  BOOST_TEST(drain->counters().delivered == 4u);
}

BOOST_AUTO_TEST_CASE(a_block_that_no_build_can_read_is_counted_and_passed_over) {
  BOOST_TEST(shared->Append("something else", 5).ok());
  Spool(MakeRecords(0, 2));
  BOOST_TEST(shared->Append("something else", 3).ok());
  StepOn();
  BOOST_TEST(shared->Append("something else", 1).ok());
  StepOn();
  BOOST_TEST(script.written() == Range(0, 2), boost::test_tools::per_element());
  BOOST_TEST(Dropped(DropReason::kSpoolDamaged) == 9u);
  BOOST_TEST(shared->counters().held == 0u);
}

BOOST_AUTO_TEST_CASE(closing_leaves_what_is_not_settled_in_the_spool) {
  script.settle_late = true;
  Spool(MakeRecords(0, 10));
  StepOn();
  drain->BeginClose(0);
  StepOn(3);
  BOOST_TEST(drain->Closed());
  BOOST_TEST(drain->Step() == sinks::WriterLoop::kForever);
  BOOST_TEST(shared->counters().held == 10u);
  BOOST_TEST(drain->counters().delivered == 0u);
  BOOST_TEST(drain->counters().replayed == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
