// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parse_tap.h"
#include "tap/parsing.h"
#include "tap/write_tap.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

constexpr const char* kOutputs = "  outputs: [{name: a, type: Stdout}]\n";

std::string WithTrigger(const std::string& trigger) {
  return "  recorder: {triggers: [{" + trigger + "}]}\n" + kOutputs;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_recorder)

BOOST_AUTO_TEST_CASE(reads_every_field) {
  const auto tap = GoodSpec(
      std::string("  recorder:\n    before: 2m\n    after: 30s\n    size: 256Mi\n    triggers:\n"
                  "    - {name: a, type: ErrorRatio, errorRatio: {ratio: 0.1, over: 20s, "
                  "minRequests: 7, paths: [{prefix: /pay}]}}\n"
                  "    - {name: b, type: Latency, latency: {quantile: 0.95, above: 800ms}}\n"
                  "    - {name: c, type: Webhook, webhook: {}}\n") +
      kOutputs);
  BOOST_REQUIRE(tap->recorder);
  BOOST_TEST(tap->recorder->before == 120 * base::kSecond);
  BOOST_TEST(tap->recorder->after == 30 * base::kSecond);
  BOOST_TEST(tap->recorder->bytes_max == 256u << 20);
  const auto& triggers = tap->recorder->triggers;
  BOOST_REQUIRE(triggers.size() == 3u);
  BOOST_CHECK(triggers[0].type == TriggerType::kErrorRatio);
  BOOST_TEST(triggers[0].ratio == 0.1);
  BOOST_TEST(triggers[0].over == 20 * base::kSecond);
  BOOST_TEST(triggers[0].min_requests == 7u);
  BOOST_REQUIRE(triggers[0].paths.size() == 1u);
  BOOST_TEST(triggers[0].paths[0].value == "/pay");
  BOOST_CHECK(triggers[1].type == TriggerType::kLatency);
  BOOST_TEST(triggers[1].quantile == 0.95);
  BOOST_TEST(triggers[1].above == 800 * base::kMillisecond);
  BOOST_CHECK(triggers[2].type == TriggerType::kWebhook);
}

BOOST_AUTO_TEST_CASE(an_empty_recorder_has_the_defaults_and_dumps_on_demand_alone) {
  const auto tap = GoodSpec(std::string("  recorder: {}\n") + kOutputs);
  BOOST_REQUIRE(tap->recorder);
  BOOST_CHECK(*tap->recorder == RecorderSpec());
  BOOST_CHECK(!GoodSpec(kOutputs)->recorder);
}

BOOST_AUTO_TEST_CASE(refuses_values_out_of_their_bounds) {
  const auto with = [](const char* field) {
    return "  recorder: {" + std::string(field) + "}\n" + kOutputs;
  };
  BOOST_TEST(Refuses(with("before: 0s"), "spec.recorder.before"));
  BOOST_TEST(Refuses(with("before: 2h"), "spec.recorder.before"));
  BOOST_TEST(Refuses(with("after: 10ms"), "spec.recorder.after"));
  BOOST_TEST(Refuses(with("size: 1Ki"), "spec.recorder.size"));
  BOOST_TEST(Refuses(with("size: 5Gi"), "spec.recorder.size"));
}

BOOST_AUTO_TEST_CASE(refuses_triggers_that_cannot_work) {
  const std::string at = "spec.recorder.triggers[0]";
  const auto ratio = [](const std::string& fields) {
    return WithTrigger("name: a, type: ErrorRatio, errorRatio: {" + fields + "}");
  };
  BOOST_TEST(Refuses(ratio("ratio: 0"), at + ".errorRatio.ratio"));
  BOOST_TEST(Refuses(ratio("ratio: 1.5"), at + ".errorRatio.ratio"));
  BOOST_TEST(Refuses(ratio("over: 10s"), at + ".errorRatio.ratio", "MissingField"));
  BOOST_TEST(Refuses(ratio("ratio: 0.1, over: 10ms"), at + ".errorRatio.over"));
  BOOST_TEST(Refuses(ratio("ratio: 0.1, minRequests: 0"), at + ".errorRatio.minRequests"));
  BOOST_TEST(Refuses(WithTrigger("name: a, type: Latency, latency: {quantile: 1, above: 1s}"),
                     at + ".latency.quantile"));
  BOOST_TEST(
      Refuses(WithTrigger("name: a, type: Webhook, errorRatio: {ratio: 0.1}"), at + ".errorRatio"));
  BOOST_TEST(Refuses(WithTrigger("name: A, type: Webhook"), at + ".name"));
}

BOOST_AUTO_TEST_CASE(refuses_two_triggers_of_one_name) {
  BOOST_TEST(
      Refuses("  recorder: {triggers: [{name: a, type: Webhook}, {name: a, type: "
              "Webhook}]}\n" +
                  std::string(kOutputs),
              "spec.recorder.triggers[1].name", "Conflict"));
}

BOOST_AUTO_TEST_CASE(refuses_a_recorder_without_outputs_or_with_an_end_by_number) {
  BOOST_TEST(Refuses("  recorder: {}\n", "spec", "Conflict"));
  BOOST_TEST(Refuses(std::string("  recorder: {}\n  limits: {maxRecords: 5}\n") + kOutputs, "spec",
                     "Conflict"));
}

BOOST_AUTO_TEST_CASE(refuses_a_recorder_whose_records_would_be_in_a_transaction) {
  const std::string recorder = "  recorder: {}\n  outputs: [{name: a, type: Kafka, ";
  const std::string kafka = "kafka: {brokers: ['k:9092'], topic: t}, delivery: {class: ";
  BOOST_TEST(Refuses(recorder + kafka + "ExactlyOnce}}]\n", "spec", "Conflict"));
  GoodSpec(recorder + kafka + "Durable}}]\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
