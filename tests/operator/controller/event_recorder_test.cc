// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/event_recorder.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using controller::EventRecorder;
using controller::EventText;
using kube::Json;
using kube::Object;

struct Rig {
  Object tap{Json{{"apiVersion", "traffictap.io/v1alpha1"},
                  {"kind", "TrafficTap"},
                  {"metadata", {{"namespace", "shop"}, {"name", "errors"}, {"uid", "u1"}}}}};
  fakes::FakeKubeClient client;
  fakes::ManualClock clock;
  EventRecorder recorder{
      &client, {.component = "traffictap-operator", .instance = "pod-1"}, &clock};

  void Record(const std::string& note) {
    recorder.Record(tap, {EventText::Type::kWarning, "Conflicted", "Compile", note});
  }
  std::vector<Object> Events() { return client.All(kube::kEvents); }
};

BOOST_AUTO_TEST_SUITE(event_recorder)

BOOST_AUTO_TEST_CASE(an_event_says_what_happened_to_what) {
  Rig rig;
  rig.Record("another Telemetry selects web");
  BOOST_TEST(rig.Events().empty());
  rig.recorder.Flush();
  BOOST_TEST_REQUIRE(rig.Events().size() == 1u);
  const Object event = rig.Events()[0];
  BOOST_TEST(event.ns() == "shop");
  BOOST_TEST(event.Text("/reason") == "Conflicted");
  BOOST_TEST(event.Text("/type") == "Warning");
  BOOST_TEST(event.Text("/note") == "another Telemetry selects web");
  BOOST_TEST(event.Text("/regarding/uid") == "u1");
  BOOST_TEST(event.Text("/eventTime") == "2023-11-14T22:13:20.000000Z");
  BOOST_TEST(event.Text("/reportingController") == "traffictap-operator");
  BOOST_TEST(event.Text("/reportingInstance") == "pod-1");
  BOOST_TEST(event.Find("/series") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_same_event_becomes_a_series_that_is_written_once_a_minute) {
  Rig rig;
  rig.Record("x");
  rig.recorder.Flush();
  for (int i = 0; i < 50; ++i) {
    rig.clock.Advance(base::kSecond);
    rig.Record("x");
    rig.recorder.Flush();
  }
  BOOST_TEST(rig.client.writes().size() == 1u);
  rig.clock.Advance(10 * base::kSecond);
  rig.recorder.Flush();
  BOOST_TEST_REQUIRE(rig.client.writes().size() == 2u);
  BOOST_TEST_REQUIRE(rig.Events().size() == 1u);
  BOOST_TEST(rig.Events()[0].Find("/series/count")->get<int>() == 51);
  rig.clock.Advance(3600 * base::kSecond);
  rig.recorder.Flush();
  BOOST_TEST(rig.client.writes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_burst_of_different_events_about_one_object_is_cut_and_counted) {
  Rig rig;
  for (int i = 0; i < 30; ++i) rig.Record(std::to_string(i));
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().size() == 10u);
  rig.clock.Advance(60 * base::kSecond);
  rig.Record("later");
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().size() == 11u);
  base::MetricsRegistry registry;
  registry.Register([&](base::MetricWriter& writer) { rig.recorder.WriteMetrics(writer); });
  BOOST_TEST(registry.Render().find("traffictap_events_dropped_total 20") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_waits_for_a_server_that_is_down_and_not_for_one_that_refuses) {
  Rig rig;
  rig.Record("x");
  rig.client.Fail("apply", kube::kEvents, absl::UnavailableError("down"));
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().empty());
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().size() == 1u);
  rig.Record("y");
  rig.client.Fail("apply", kube::kEvents,
                  kube::ToStatus({403, "Forbidden", "", "", std::nullopt}, "apply", "event"));
  rig.recorder.Flush();
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().size() == 1u);
}

BOOST_AUTO_TEST_CASE(events_give_way_to_other_writes_and_are_written_when_there_is_room) {
  Rig rig;
  rig.Record("x");
  rig.client.SpendWriteLimit(true);
  rig.recorder.Flush();
  BOOST_TEST(rig.client.writes().empty());
  rig.client.SpendWriteLimit(false);
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().size() == 1u);
  rig.clock.Advance(60 * base::kSecond);
  rig.Record("x");
  rig.client.SpendWriteLimit(true);
  rig.recorder.Flush();
  BOOST_TEST(rig.client.writes().size() == 1u);
  // Its minute has not begun anew.
  rig.client.SpendWriteLimit(false);
  rig.recorder.Flush();
  BOOST_TEST(rig.client.writes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_event_that_found_no_room_for_ten_minutes_is_forgotten_and_counted) {
  Rig rig;
  rig.Record("x");
  rig.client.SpendWriteLimit(true);
  rig.recorder.Flush();
  rig.clock.Advance(601 * base::kSecond);
  rig.client.SpendWriteLimit(false);
  rig.recorder.Flush();
  BOOST_TEST(rig.client.writes().empty());
  base::MetricsRegistry registry;
  registry.Register([&](base::MetricWriter& writer) { rig.recorder.WriteMetrics(writer); });
  BOOST_TEST(registry.Render().find("traffictap_events_dropped_total 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_event_that_has_waited_longest_is_written_first) {
  Rig rig;
  for (const char* note : {"c", "a", "b"}) {
    rig.Record(note);
    rig.clock.Advance(base::kSecond);
  }
  rig.recorder.Flush();
  // Their names have the time of the first sighting.
  const auto writes = rig.client.writes();
  BOOST_TEST(writes.size() == 3u);
  BOOST_TEST(std::is_sorted(writes.begin(), writes.end()));
}

BOOST_AUTO_TEST_CASE(events_about_what_has_no_namespace_go_to_default) {
  Rig rig;
  rig.tap.value()["metadata"].erase("namespace");
  rig.Record("x");
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().at(0).ns() == "default");
  BOOST_TEST(rig.Events().at(0).Find("/regarding/namespace") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_long_note_is_cut_between_characters) {
  Rig rig;
  rig.Record(std::string(1023, 'x') + "ä");
  rig.recorder.Flush();
  BOOST_TEST(rig.Events().at(0).Text("/note") == std::string(1023, 'x'));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
