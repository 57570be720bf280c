// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/tap_status.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fmt/format.h"
#include "operator/leases/granted_records.h"
#include "operator/reconcilers/shared_reports.h"
#include "tap/schema/fields.h"

namespace traffictap {

using kube::Json;
using plan::Condition;
using reconcilers::DiffersBeyondCounts;
using reconcilers::TapStatus;
using reconcilers::TapStatusInput;
using Value = plan::Condition::Value;

namespace {

// A tap that captures: planned, taken by both its proxies, in force at the collector.
TapStatusInput Capturing() {
  TapStatusInput input;
  input.outcome.key = "shop/a";
  input.outcome.generation = 3;
  input.outcome.in_force = true;
  input.outcome.pods_matched = input.outcome.pods_meshed = 3;
  input.outcome.proxies = {"cart-0.shop", "cart-1.shop"};
  input.outcome.conditions = {{"Accepted", Value::kTrue, "Accepted", ""},
                              {"Programmed", Value::kUnknown, "Pending", ""},
                              {"OutputsResolved", Value::kTrue, "Resolved", ""},
                              {"Completed", Value::kFalse, "Running", ""}};
  input.proxies = {true, false, 2, 2, {}};
  input.totals.connected = input.totals.in_force = true;
  input.totals.generation = 3;
  input.totals.proxies = 1;
  input.totals.outputs["file"] = {};
  input.now = 1'700'000'000 * base::kSecond;
  return input;
}

Json Find(const Json& status, const std::string& type) {
  for (const auto& condition : status["conditions"]) {
    if (condition["type"] == type) return condition;
  }
  return Json::object();
}

std::string Says(const TapStatusInput& input, const std::string& type) {
  const Json condition = Find(TapStatus(input), type);
  return condition.value("status", "") + "/" + condition.value("reason", "");
}

bool IsLonger(const tap::schema::Tree& schema, const char* bound, size_t size) {
  return schema.contains(bound) && size > schema[bound].get<size_t>();
}

// What the API server would refuse: texts and lists that are longer than the CRD lets them be.
std::string TooLong(const tap::schema::Tree& schema, const Json& value, const std::string& at) {
  std::string out;
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    const auto characters =
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
    if (IsLonger(schema, "maxLength", static_cast<size_t>(characters))) out = at + " ";
  } else if (value.is_array()) {
    if (IsLonger(schema, "maxItems", value.size())) out = at + " ";
    for (const Json& item : value) out += TooLong(schema["items"], item, at + "[]");
  } else if (value.is_object() && schema.contains("properties")) {
    for (const auto& [name, member] : value.items()) {
      out += TooLong(schema["properties"].value(name, tap::schema::Tree::object()), member,
                     at + "." + name);
    }
  }
  return out;
}

void Set(TapStatusInput* input, const Condition& condition) {
  for (auto& c : input->outcome.conditions) {
    if (c.type == condition.type) c = condition;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_status)

BOOST_AUTO_TEST_CASE(a_tap_that_captures_is_ready_and_neither_stalled_nor_reconciling) {
  const auto input = Capturing();
  BOOST_TEST(Says(input, "Ready") == "True/Capturing");
  BOOST_TEST(Says(input, "Programmed") == "True/Programmed");
  BOOST_TEST(Says(input, "OutputsReady") == "True/Delivering");
  BOOST_TEST(Says(input, "LossFree") == "True/NothingLost");
  BOOST_TEST(Find(TapStatus(input), "Stalled").empty());
  BOOST_TEST(Find(TapStatus(input), "Reconciling").empty());
  BOOST_TEST(Find(TapStatus(input), "Ready")["observedGeneration"] == 3);
}

BOOST_AUTO_TEST_CASE(a_refused_tap_is_stalled_with_the_plans_reason) {
  auto input = Capturing();
  Set(&input, {"Accepted", Value::kFalse, "Invalid", "spec.match.methods[0]: …"});
  BOOST_TEST(Says(input, "Ready") == "False/Invalid");
  BOOST_TEST(Says(input, "Stalled") == "True/Invalid");
}

BOOST_AUTO_TEST_CASE(proxies_that_have_not_taken_the_patch_are_waited_for) {
  auto input = Capturing();
  input.proxies.acknowledged = 1;
  BOOST_TEST(Says(input, "Programmed") == "False/Pending");
  BOOST_TEST(Says(input, "Reconciling") == "True/Pending");
}

BOOST_AUTO_TEST_CASE(what_a_tap_costs_connections_is_told) {
  auto input = Capturing();
  input.outcome.cost = "HTTP connections of 2 proxies drain within 45s";
  const std::string message = Find(TapStatus(input), "Programmed")["message"];
  BOOST_TEST(message.ends_with(input.outcome.cost));
  BOOST_TEST(TapStatus(input)["drains"] == input.outcome.cost);
  BOOST_TEST(!TapStatus(Capturing()).contains("drains"));
}

BOOST_AUTO_TEST_CASE(each_peer_says_whether_it_is_attached_and_why_not) {
  auto input = Capturing();
  input.outcome.peers = {{"shop", "Deployment", "db", true, "Attached", "", "EnvoyFilter/shop/p"},
                         {"bank", "Deployment", "ledger", false, "NoConsent", "label it"}};
  const Json expected = Json::array({{{"namespace", "shop"},
                                      {"kind", "Deployment"},
                                      {"name", "db"},
                                      {"state", "Attached"},
                                      {"reason", "Attached"}},
                                     {{"namespace", "bank"},
                                      {"kind", "Deployment"},
                                      {"name", "ledger"},
                                      {"state", "NotAttached"},
                                      {"reason", "NoConsent"},
                                      {"message", "label it"}}});
  BOOST_TEST(TapStatus(input)["peers"] == expected);
  BOOST_TEST(!TapStatus(Capturing()).contains("peers"));
  input.outcome.peers.resize(100, input.outcome.peers.front());
  BOOST_TEST(TapStatus(input)["peers"].size() == 32u);
}

BOOST_AUTO_TEST_CASE(each_target_has_its_state_and_the_others_lack_is_told) {
  using State = plan::TargetOutcome::State;
  auto input = Capturing();
  input.outcome.targets = {{{tap::TargetKind::kService, "cart", {}, "shop"},
                            State::kAttached,
                            "Attached",
                            "fine",
                            1,
                            2,
                            2},
                           {{tap::TargetKind::kPod, "", {{"app", "x"}, {"v", "1"}}},
                            State::kNotAttached,
                            "NoPods",
                            "wait"}};
  const Json status = TapStatus(input);
  const Json service = {
      {"kind", "Service"},    {"name", "cart"},    {"namespace", "shop"}, {"state", "Attached"},
      {"reason", "Attached"}, {"message", "fine"}, {"workloads", 1},      {"pods", 2},
      {"proxies", 2}};
  BOOST_TEST((status["targets"][0] == service));
  BOOST_TEST(status["targets"][1]["selector"] == "app=x,v=1");
  BOOST_TEST(!status["targets"][1].contains("name"));
  const std::string ready = Find(status, "Ready")["message"];
  BOOST_TEST(ready.ends_with("1 of 2 targets lead to no proxy, see status.targets"));
  input.outcome.targets.resize(40, input.outcome.targets[0]);
  BOOST_TEST(TapStatus(input)["targets"].size() == 32u);
  BOOST_TEST(!TapStatus(Capturing()).contains("targets"));
}

BOOST_AUTO_TEST_CASE(a_proxy_that_refuses_is_quoted) {
  auto input = Capturing();
  input.proxies.refusals = {"cart-0.shop: bad field"};
  BOOST_TEST(Says(input, "Programmed") == "False/Refused");
  const std::string message = Find(TapStatus(input), "Programmed")["message"];
  BOOST_TEST(message.find("cart-0.shop: bad field") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_istiods_word_a_tap_is_programmed_only_when_all_proxies_send) {
  auto input = Capturing();
  input.proxies = {};
  BOOST_TEST(Says(input, "Programmed") == "Unknown/AcknowledgementUnknown");
  input.proxies.asking = true;
  BOOST_TEST(Says(input, "Programmed") == "False/Pending");
  input.totals.proxies = 2;
  BOOST_TEST(Says(input, "Programmed") == "True/Programmed");
}

BOOST_AUTO_TEST_CASE(ready_does_not_wait_for_an_istiod_that_says_nothing) {
  auto input = Capturing();
  input.proxies = {};
  BOOST_TEST(Says(input, "Ready") == "True/Capturing");
  BOOST_TEST(Find(TapStatus(input), "Reconciling").empty());
  const std::string message = Find(TapStatus(input), "Ready")["message"];
  BOOST_TEST(message.find("istiod does not say") != std::string::npos);
  input.proxies.asking = true;
  BOOST_TEST(Says(input, "Ready") == "False/Pending");
  input.proxies.asking = false;
  input.totals.generation = 2;
  BOOST_TEST(Says(input, "Ready") == "Unknown/CollectorPending");
}

BOOST_AUTO_TEST_CASE(a_patch_that_the_api_server_refuses_is_told) {
  auto input = Capturing();
  input.patch_error = "apply envoyfilters: forbidden";
  BOOST_TEST(Says(input, "Programmed") == "False/ApplyFailed");
}

BOOST_AUTO_TEST_CASE(outputs_are_ready_only_in_this_version_at_a_collector) {
  auto input = Capturing();
  input.totals.generation = 2;
  BOOST_TEST(Says(input, "OutputsReady") == "Unknown/CollectorPending");
  input.totals.faults = {"no"};
  BOOST_TEST(Says(input, "OutputsReady") == "False/CollectorRefused");
  input.totals = {};
  BOOST_TEST(Says(input, "OutputsReady") == "Unknown/CollectorAbsent");
  BOOST_TEST(Says(input, "LossFree") == "Unknown/CollectorAbsent");
  Set(&input, {"OutputsResolved", Value::kFalse, "DestinationNotFound", "…"});
  BOOST_TEST(Says(input, "OutputsReady") == "False/DestinationNotFound");
}

BOOST_AUTO_TEST_CASE(a_failing_output_is_named_with_its_trouble) {
  auto input = Capturing();
  input.totals.outputs["kafka"].trouble = "broker down";
  BOOST_TEST(Says(input, "OutputsReady") == "False/OutputFailing");
  const Json status = TapStatus(input);
  BOOST_TEST(Find(status, "OutputsReady")["message"] == "kafka: broker down");
  BOOST_TEST(status["outputs"][1]["ready"] == false);
}

BOOST_AUTO_TEST_CASE(any_loss_shows_and_stays) {
  for (const char* counter : {"lostEntries", "brokenStreams", "dropped", "overBudget"}) {
    auto input = Capturing();
    input.totals.counts[counter] = 1;
    BOOST_TEST(Says(input, "LossFree") == "False/RecordsLost", counter);
    BOOST_TEST(Says(input, "Ready") == "True/Capturing", counter);
  }
}

BOOST_AUTO_TEST_CASE(a_tap_that_a_limit_has_ended_is_ready_so_that_nobody_waits_for_it) {
  auto input = Capturing();
  input.outcome.in_force = false;
  Set(&input, {"Programmed", Value::kFalse, "Completed", ""});
  Set(&input, {"Completed", Value::kTrue, "DurationReached", "ran for 5m"});
  BOOST_TEST(Says(input, "Ready") == "True/Completed");
  BOOST_TEST(Says(input, "Completed") == "True/DurationReached");
}

BOOST_AUTO_TEST_CASE(a_condition_keeps_its_time_until_its_status_changes) {
  auto input = Capturing();
  input.former = TapStatus(input);
  const std::string since = Find(input.former, "Ready")["lastTransitionTime"];
  input.now += 60 * base::kSecond;
  BOOST_TEST(Find(TapStatus(input), "Ready")["lastTransitionTime"] == since);
  input.proxies.acknowledged = 0;
  BOOST_TEST(Find(TapStatus(input), "Ready")["lastTransitionTime"] != since);
}

BOOST_AUTO_TEST_CASE(counts_alone_are_no_news) {
  auto input = Capturing();
  const Json former = TapStatus(input);
  input.totals.counts["records"] = 10;
  input.totals.counts["verdicts.Ok"] = 10;
  input.totals.outputs["file"].delivered = 10;
  input.totals.outputs["file"].spooled = 10;
  input.totals.outputs["file"].replayed = 2;
  BOOST_TEST((TapStatus(input) != former));
  BOOST_TEST(TapStatus(input)["outputs"][0]["spooled"] == 10);
  BOOST_TEST(TapStatus(input)["outputs"][0]["replayed"] == 2);
  BOOST_TEST(!former["outputs"][0].contains("spooled"));
  BOOST_TEST(!DiffersBeyondCounts(former, TapStatus(input)));
  input.totals.counts["dropped"] = 1;
  BOOST_TEST(DiffersBeyondCounts(former, TapStatus(input)));
  BOOST_TEST(DiffersBeyondCounts(Json(), TapStatus(input)));
}

BOOST_AUTO_TEST_CASE(the_status_is_bounded_however_large_the_mesh) {
  auto input = Capturing();
  for (int i = 0; i < 1000; ++i) {
    input.outcome.not_visible.push_back({"shop/x", "NotMeshed", std::string(10'000, 'x')});
    input.outcome.patches.push_back("EnvoyFilter/shop/p" + std::to_string(i));
    input.totals.outputs["o" + std::to_string(i)].trouble = std::string(10'000, 'y');
  }
  BOOST_TEST(TapStatus(input).dump().size() < 100'000u);
}

BOOST_AUTO_TEST_CASE(the_status_of_as_many_collectors_as_there_can_be_fits_into_the_crd) {
  std::vector<v1::CollectorReport> reports;
  leases::GrantedRecords granted{UINT64_MAX, UINT64_MAX, {}};
  for (uint64_t i = 0; i < 512; ++i) {
    v1::CollectorReport report;
    report.set_collector(fmt::format("pairer-{}", i));
    report.set_instance(fmt::format("{:016x}", UINT64_MAX - i));
    report.set_role("pairer");
    auto* tap = report.add_taps();
    tap->set_tap("shop/a");
    tap->set_uid("uid");
    tap->set_offered(1);
    reports.push_back(report);
    granted.instances[report.instance()] = UINT64_MAX;
    granted.instances[fmt::format("{:016x}", i)] = UINT64_MAX;  // its former life
  }
  auto input = Capturing();
  input.totals = reconcilers::AddUp("shop/a", "uid", Shared(reports), Json());
  input.totals.leases = leases::ToText(granted);
  for (int i = 0; i < 100; ++i) {
    const std::string long_text(10'000, 'x');
    input.outcome.not_visible.push_back({"shop/x", "NotMeshed", long_text});
    input.outcome.targets.emplace_back().message = long_text;
    input.outcome.peers.emplace_back().message = long_text;
    input.outcome.patches.push_back("EnvoyFilter/shop/p" + std::to_string(i));
    input.totals.outputs["o" + std::to_string(i)].trouble = long_text;
  }
  const Json status = TapStatus(input);
  BOOST_TEST(status["records"] == 512);
  BOOST_TEST(status["collector"]["instances"].get<std::string>().size() == 512u * 17 - 1);
  BOOST_TEST(TooLong(tap::schema::TapStatus(), status, "status") == "");
  // A sixth of what etcd takes of an object: 1.5 MiB.
  const size_t bytes = status.dump().size();
  BOOST_TEST_MESSAGE("status of 512 collectors: " << bytes << " bytes");
  BOOST_TEST(bytes < 256'000u);
}

BOOST_AUTO_TEST_CASE(other_leases_are_news_of_their_own) {
  const Json none = {{"collector", {{"instances", "i"}}}};
  const Json some = {{"collector", {{"instances", "i"}, {"leases", "0 0 i=5"}}}};
  BOOST_TEST(reconcilers::DiffersInLeases(none, some));
  BOOST_TEST(reconcilers::DiffersInLeases(Json(), some));
  BOOST_TEST(!reconcilers::DiffersInLeases(some, some));
  BOOST_TEST(!reconcilers::DiffersInLeases(Json(), none));
  BOOST_TEST(!reconcilers::DiffersBeyondCounts(none, some));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
