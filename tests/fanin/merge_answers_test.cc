// SPDX-License-Identifier: Apache-2.0
#include "fanin/merge_answers.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "observe/latency_histogram.h"

namespace traffictap {
namespace fanin {
namespace {

using nlohmann::json;

json Taps(const std::vector<std::string>& answers, const std::vector<Missing>& missing = {}) {
  return json::parse(MergeTaps(answers, missing).value());
}
json Summary(const std::vector<std::string>& answers, const std::vector<Missing>& missing = {}) {
  return json::parse(MergeSummaries(answers, missing).value());
}

// One edge whose requests took `ms` each.
std::string Edge(const std::string& to, int records, double ms, const std::string& more = "") {
  return fmt::format(
      R"({{"source":{{"name":"a"}},"destination":{{"name":"{}"}},"records":{},"verdicts":{{"Ok":{}}},"rate":{},"errors":1,"clientMs":{{"p50":{},"p99":{},"buckets":[[{},{}]]}}{}}})",
      to, records, records, records / 10.0, ms, ms, observe::LatencyHistogram::BucketOf(ms),
      records, more);
}
std::string SummaryText(int window, int records, const std::string& edges) {
  return fmt::format(
      R"({{"windowMs":{},"records":{},"verdicts":{{"Ok":{}}},"edges":[{}],"routes":[],"edgesLeftOut":2,"routesLeftOut":0}})",
      window, records, records, edges);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(merge_answers)

BOOST_AUTO_TEST_CASE(counters_of_a_tap_are_added_up_and_its_spec_is_not) {
  const char* a = R"({"taps":[{"tap":"shop/all","name":"all","completed":true,
      "spec":{"sampling":{"percent":50}},"kept":3,"records":{"seen":5},"verdicts":{"Ok":5},
      "limitedEdges":{"edges":[{"source":{"name":"x"},"destination":{"name":"y"},"records":4}],"others":1},
      "outputs":[{"name":"disk","healthy":true,"delivered":5}],
      "live":{"backlogRecords":5,"oldestTimeMs":900}}],
      "traceUrl":"https://t/{traceId}","collector":{"version":"1","readers":1}})";
  const char* b = R"({"taps":[{"tap":"shop/all","name":"all","completed":false,
      "spec":{"sampling":{"percent":50}},"kept":4,"records":{"seen":6},"verdicts":{"Ok":4,"Denied":2},
      "limitedEdges":{"edges":[{"source":{"name":"x"},"destination":{"name":"y"},"records":1},
                               {"source":{"name":"x"},"destination":{"name":"z"},"records":2}],"others":0},
      "outputs":[{"name":"disk","healthy":false,"delivered":1,"message":"full"}],
      "live":{"backlogRecords":2,"oldestTimeMs":0}},{"tap":"bank/all","kept":1}],
      "collector":{"version":"1","readers":2}})";
  const json out = Taps({a, b});
  BOOST_REQUIRE(out["taps"].size() == 2u);
  const json& tap = out["taps"][0];
  BOOST_TEST(tap["kept"] == 7);
  BOOST_TEST(tap["records"]["seen"] == 11);
  BOOST_TEST((tap["verdicts"] == json{{"Ok", 9}, {"Denied", 2}}));
  BOOST_TEST(tap["completed"] == false);
  BOOST_TEST(tap["spec"]["sampling"]["percent"] == 50);
  BOOST_TEST(tap["outputs"][0]["delivered"] == 6);
  BOOST_TEST(tap["outputs"][0]["healthy"] == false);
  BOOST_TEST(tap["outputs"][0]["message"] == "full");
  BOOST_TEST(tap["live"]["backlogRecords"] == 7);
  BOOST_TEST(tap["live"]["oldestTimeMs"] == 900);
  BOOST_REQUIRE(tap["limitedEdges"]["edges"].size() == 2u);
  BOOST_TEST(tap["limitedEdges"]["edges"][0]["records"] == 5);
  BOOST_TEST(tap["limitedEdges"]["others"] == 1);
  BOOST_TEST(out["taps"][1]["tap"] == "bank/all");
  BOOST_TEST(out["collector"]["readers"] == 3);
  BOOST_TEST(out["collector"]["version"] == "1");
  BOOST_TEST(out["traceUrl"] == "https://t/{traceId}");
  BOOST_TEST(!out.contains("partial"));
}

BOOST_AUTO_TEST_CASE(groups_are_added_up_and_percentiles_are_those_of_all) {
  const json out = Summary({SummaryText(60'000, 100, Edge("b", 99, 10) + "," + Edge("c", 1, 5)),
                            SummaryText(10'000, 100, Edge("b", 100, 1000))});
  BOOST_TEST(out["windowMs"] == 60'000);
  BOOST_TEST(out["records"] == 200);
  BOOST_TEST(out["verdicts"]["Ok"] == 200);
  BOOST_TEST(!out.contains("requests"));
  BOOST_TEST(out["edgesLeftOut"] == 4);
  BOOST_TEST(!out.contains("groups"));
  BOOST_REQUIRE(out["edges"].size() == 2u);
  const json& edge = out["edges"][0];
  BOOST_TEST(edge["destination"]["name"] == "b");
  BOOST_TEST(edge["records"] == 199);
  BOOST_TEST(edge["errors"] == 2);
  BOOST_TEST(std::abs(edge["rate"].get<double>() - 19.9) < 1e-9);
  BOOST_TEST(edge["verdicts"]["Ok"] == 199);
  BOOST_TEST(std::abs(edge["clientMs"]["p50"].get<double>() - 1000) < 20);
  BOOST_TEST(std::abs(edge["clientMs"]["p99"].get<double>() - 1000) < 20);
  BOOST_TEST(!edge["clientMs"].contains("buckets"));
  // Of one pairer alone: as exact as it says.
  BOOST_TEST(out["edges"][1]["clientMs"]["p50"] == 5.0);
  BOOST_TEST(!out["edges"][1]["clientMs"].contains("buckets"));
}

BOOST_AUTO_TEST_CASE(an_estimate_makes_the_sum_one) {
  const json out = Summary({SummaryText(1000, 10, Edge("b", 10, 1, R"(,"requests":100)")),
                            SummaryText(1000, 5, Edge("b", 5, 1))});
  BOOST_TEST(out["edges"][0]["requests"] == 105);
  BOOST_TEST(out["edges"][0]["records"] == 15);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_said) {
  const std::vector<Missing> missing = {{"a:1", "it cannot be reached"}};
  for (const json& out : {Taps({R"({"taps":[]})"}, missing), Summary({}, missing)}) {
    BOOST_TEST(out["partial"]["missing"][0]["pairer"] == "a:1");
    BOOST_TEST(out["partial"]["missing"][0]["reason"] == "it cannot be reached");
  }
}

BOOST_AUTO_TEST_CASE(answers_of_another_kind_are_left_out_or_an_error) {
  BOOST_TEST(Taps({"no JSON", "[]", R"({"taps":[{"tap":"a"}]})"})["taps"].size() == 1u);
  BOOST_TEST(absl::IsInternal(MergeSummaries({R"({"records":"many"})"}, {}).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
