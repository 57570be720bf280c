// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "observe/sample_records.h"
#include "traffic/record_codec.h"

namespace traffictap {

using base::kSecond;
using pipeline::DumpRequest;
using pipeline::RecordedPart;
using pipeline::Recorder;

namespace {

struct RecorderTest {
  RecorderTest() {
    spec.before = 10 * kSecond;
    spec.after = 5 * kSecond;
    tap::RecorderTrigger errors;
    errors.name = "errors";
    errors.ratio = 0.5;
    errors.min_requests = 4;
    tap::RecorderTrigger alert;
    alert.name = "alert";
    alert.type = tap::TriggerType::kWebhook;
    spec.triggers = {errors, alert};
    Start();
  }
  void Start() { recorder = std::move(Recorder::Create(spec, nullptr, &clock).value()); }

  void Record(int count, uint32_t code = 200) {
    observe::BatchBuilder builder;
    for (int i = 0; i < count; ++i) builder.Get("/", code);
    const auto batch = builder.Build();
    for (size_t i = 0; i < batch->size(); ++i) {
      recorder->Match(batch->pair(i), nullptr, &watch);
      recorder->Count(batch->pair(i), &watch);
    }
    recorder->Tell(&watch);
    recorder->Record({traffic::EncodeRecords({batch, {}}, 0, batch->size()),
                      std::vector<uint16_t>(batch->size(), 1)});
    Turn();
  }
  Recorder::Outlet Outlet() {
    return {[this] { return room; }, [this](const RecordedPart& part) { given += part.size(); }};
  }
  void Turn() { recorder->Turn(Outlet()); }
  void Pass(base::Nanos time) {
    clock.Advance(time);
    Turn();
  }
  void Ask(const DumpRequest& request) { BOOST_REQUIRE(recorder->Request(request).ok()); }
  std::vector<pipeline::RecorderDump> Dumps() { return recorder->state().dumps; }

  tap::RecorderSpec spec;
  fakes::ManualClock clock;
  std::unique_ptr<Recorder> recorder;
  Recorder::Watch watch;
  bool room = true;
  size_t given = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recorder, RecorderTest)

BOOST_AUTO_TEST_CASE(nothing_is_given_without_a_trigger) {
  Record(100);
  Pass(3600 * kSecond);
  BOOST_TEST(given == 0u);
  BOOST_TEST(recorder->state().records == 100u);
  BOOST_TEST(Dumps().empty());
}

BOOST_AUTO_TEST_CASE(errors_bring_what_came_before_and_what_comes_after) {
  Record(3);
  Pass(20 * kSecond);
  Record(2);
  Pass(2 * kSecond);
  Record(4, 503);  // the event
  BOOST_TEST(given == 6u);
  Pass(2 * kSecond);
  Record(1);
  Pass(5 * kSecond);
  Record(7);
  BOOST_TEST(given == 7u);
  BOOST_REQUIRE(Dumps().size() == 1u);
  const auto dump = Dumps()[0];
  BOOST_TEST(dump.trigger == "errors");
  BOOST_TEST(dump.records == 7u);
  BOOST_TEST(dump.gap == 0u);
  BOOST_TEST(dump.ended);
  BOOST_TEST(dump.time - dump.from == 10 * kSecond);
  BOOST_TEST(recorder->state().records == 10u);
}

BOOST_AUTO_TEST_CASE(events_within_the_time_after_make_one_dump) {
  Record(4, 503);
  for (int i = 0; i < 50; ++i) Ask({"alert"});
  Turn();
  BOOST_REQUIRE(Dumps().size() == 1u);
  BOOST_TEST(Dumps()[0].joined == 50u);
  Pass(5 * kSecond);
  Ask({"alert"});
  Turn();
  BOOST_REQUIRE(Dumps().size() == 2u);
  BOOST_TEST(Dumps()[1].trigger == "alert");
}

BOOST_AUTO_TEST_CASE(who_asks_may_say_how_much) {
  Record(1);
  Pass(60 * kSecond);
  Record(1);
  Pass(kSecond);
  Ask({.before = 100 * kSecond, .after = kSecond});
  Turn();
  BOOST_TEST(given == 2u);
  BOOST_TEST(Dumps()[0].trigger == pipeline::kOnDemand);
  Pass(kSecond);
  BOOST_TEST(Dumps()[0].ended);
}

BOOST_AUTO_TEST_CASE(a_dump_waits_for_room_and_stays_in_bounds_meanwhile) {
  spec.bytes_max = 1 << 20;
  Start();
  room = false;
  Record(10);
  Ask({});
  for (int i = 0; i < 500; ++i) Record(10);
  BOOST_TEST(given == 0u);
  BOOST_TEST(recorder->state().bytes <= size_t{1} << 20);
  room = true;
  Pass(5 * kSecond);
  Turn();
  BOOST_REQUIRE(Dumps().size() == 1u);
  BOOST_TEST(Dumps()[0].ended);
  BOOST_TEST(Dumps()[0].gap > 0u);
  BOOST_TEST(Dumps()[0].gap + Dumps()[0].records == 5010u);
}

BOOST_AUTO_TEST_CASE(what_the_ring_was_too_small_for_is_the_gap_of_the_dump) {
  spec.bytes_max = 1 << 20;
  Start();
  for (int i = 0; i < 500; ++i) Record(10);
  const uint64_t held = recorder->state().records;
  Ask({});
  Turn();
  BOOST_TEST(Dumps()[0].gap == 5000u - held);
}

BOOST_AUTO_TEST_CASE(every_record_is_counted_once) {
  Record(3);
  Ask({});
  Turn();
  Record(2);
  Pass(5 * kSecond);
  Record(4);
  recorder->Finish(Outlet());
  const auto counts = recorder->TakeCounts();
  BOOST_TEST(counts.recorded == 9u);
  BOOST_TEST(counts.dumped == 5u);
  BOOST_TEST(counts.overwritten == 4u);
  BOOST_TEST(counts.dumps == 1u);
  BOOST_TEST(recorder->TakeCounts().recorded == 0u);
  BOOST_TEST(recorder->state().records == 0u);
}

BOOST_AUTO_TEST_CASE(the_end_gives_what_a_dump_still_holds) {
  room = false;
  Record(3);
  Ask({});
  Turn();
  recorder->Finish(Outlet());
  BOOST_TEST(given == 3u);
  BOOST_TEST(Dumps()[0].ended);
}

BOOST_AUTO_TEST_CASE(the_list_of_dumps_is_bounded) {
  for (int i = 0; i < 15; ++i) {
    Ask({});
    Turn();
    Pass(5 * kSecond);
  }
  BOOST_TEST(Dumps().size() == Recorder::kDumpsMax);
}

BOOST_AUTO_TEST_CASE(refuses_what_it_cannot_do) {
  BOOST_TEST(absl::IsNotFound(recorder->Request({"nobody"})));
  BOOST_TEST(absl::IsNotFound(recorder->Request({"errors"})));  // no Webhook
  BOOST_TEST(absl::IsInvalidArgument(recorder->Request({.before = 0})));
  BOOST_TEST(absl::IsInvalidArgument(recorder->Request({.after = 7200 * kSecond})));
  for (int i = 0; i < 64; ++i) Ask({});
  BOOST_TEST(absl::IsResourceExhausted(recorder->Request({})));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
