// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_lifecycle.h"

#include <boost/test/unit_test.hpp>
#include <set>

#include "fakes/captured_console.h"
#include "fakes/fake_kube_client.h"

namespace traffictap {
namespace {

using kube::Json;

kube::Object Tap(const std::vector<std::array<std::string, 3>>& conditions, int observed = 1) {
  Json list = Json::array();
  for (const auto& [type, status, reason] : conditions) {
    list.push_back({{"type", type},
                    {"status", status},
                    {"reason", reason},
                    {"message", "why"},
                    {"observedGeneration", observed}});
  }
  return kube::Object(
      Json{{"metadata", {{"name", "t"}, {"generation", 1}}}, {"status", {{"conditions", list}}}});
}

// A second later whenever somebody looks at it.
struct HurriedClock final : base::Clock {
  base::Nanos Monotonic() const override { return now += base::kSecond; }
  base::Nanos Wall() const override { return 0; }
  mutable base::Nanos now = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_lifecycle)

BOOST_AUTO_TEST_CASE(a_reason_is_told_only_where_it_stays_and_drains_are_told_once) {
  fakes::FakeKubeClient kube;
  kube::Object tap = Tap({{"Ready", "Unknown", "CollectorAbsent"}});
  tap.value()["apiVersion"] = "traffictap.io/v1alpha1";
  tap.value()["kind"] = "TrafficTap";
  tap.value()["metadata"]["namespace"] = "shop";
  tap.value()["status"]["drains"] = "HTTP connections of 1 proxy drain within 45s";
  kube.Seed(kube::kTrafficTaps, tap);
  HurriedClock clock;
  fakes::CapturedConsole console;
  cli::Session session;
  session.console = &console;
  session.clock = &clock;
  cli::TapRequest request;
  request.choice.ns = "shop";
  const auto ready = cli::WaitForReady(kube, request, tap, 10 * base::kSecond, session);
  BOOST_TEST(absl::IsDeadlineExceeded(ready.status()));
  const std::vector<std::string> expected = {"waiting for tap shop/t to start",
                                             "waiting for tap shop/t: CollectorAbsent: why"};
  BOOST_TEST(console.waited == expected, boost::test_tools::per_element());
  BOOST_TEST(
      console.said ==
      "when the tap starts, and when it ends, HTTP connections of 1 proxy drain within 45s\n");
}

BOOST_AUTO_TEST_CASE(a_condition_of_an_older_generation_says_nothing) {
  BOOST_TEST(cli::ConditionOf(Tap({{"Ready", "True", "Capturing"}}), "Ready").reason ==
             "Capturing");
  BOOST_TEST(cli::ConditionOf(Tap({{"Ready", "True", "Capturing"}}, 0), "Ready").status == "");
  BOOST_TEST(cli::ConditionOf(kube::Object(), "Ready").status == "");
}

BOOST_AUTO_TEST_CASE(what_will_not_pass_ends_the_wait_with_its_reason) {
  using absl::StatusCode;
  const auto code = [](const std::string& type, const std::string& reason) {
    return cli::WhyNeverReady(Tap({{type, "False", reason}})).code();
  };
  BOOST_TEST((code("Programmed", "NoTargets") == StatusCode::kNotFound));
  BOOST_TEST((code("Programmed", "WorkloadsNotMeshed") == StatusCode::kFailedPrecondition));
  BOOST_TEST((code("Programmed", "CollectorNotFound") == StatusCode::kFailedPrecondition));
  BOOST_TEST((code("Programmed", "Refused") == StatusCode::kFailedPrecondition));
  BOOST_TEST((code("Accepted", "RootNamespace") == StatusCode::kFailedPrecondition));
  for (const char* passing : {"Pending", "ApplyFailed", "PlanOnly", "Scheduled"}) {
    BOOST_TEST((code("Programmed", passing) == StatusCode::kOk), passing);
  }
  BOOST_TEST((code("OutputsReady", "CollectorAbsent") == StatusCode::kOk));
}

BOOST_AUTO_TEST_CASE(what_killed_commands_of_the_same_person_left_is_removed_once_it_has_ended) {
  fakes::FakeKubeClient kube;
  const auto seed = [&](const std::string& name, const std::string& user, const char* completed,
                        bool temporary) {
    Json object{{"apiVersion", "traffictap.io/v1alpha1"},
                {"kind", "TrafficTap"},
                {"metadata",
                 {{"namespace", "shop"},
                  {"name", name},
                  {"generation", 1},
                  {"annotations", {{cli::kUserAnnotation, user}}}}}};
    if (temporary) object["metadata"]["labels"] = {{cli::kTemporaryLabel, "true"}};
    object["status"] = Tap({{"Completed", completed, "DurationReached"}}).value()["status"];
    kube.Seed(kube::kTrafficTaps, kube::Object(object));
  };
  seed("ended", "jane", "True", true);
  seed("runs", "jane", "False", true);
  seed("anothers", "joe", "True", true);
  seed("kept", "jane", "True", false);
  cli::TapRequest request;
  request.choice.ns = "shop";
  cli::RemoveEnded(kube, request, "");
  BOOST_TEST(kube.All(kube::kTrafficTaps).size() == 4u);
  cli::RemoveEnded(kube, request, "jane");
  std::set<std::string> left;
  for (const auto& tap : kube.All(kube::kTrafficTaps)) left.insert(tap.name());
  BOOST_TEST(left == (std::set<std::string>{"runs", "anothers", "kept"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(failures_of_the_api_server_say_what_to_do) {
  const auto refused = [](int code, const std::string& message) {
    return cli::ExplainTaps(kube::ToStatus({code, "", "", message, {}}, "list", "x"));
  };
  BOOST_TEST(
      absl::IsFailedPrecondition(refused(404, "the server could not find the requested resource")));
  BOOST_TEST(absl::IsUnauthenticated(refused(401, "")));
  BOOST_TEST(Message(refused(422, "spec.match: no")) == "spec.match: no");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
