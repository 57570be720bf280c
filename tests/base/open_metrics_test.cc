// SPDX-License-Identifier: Apache-2.0
#include "base/open_metrics.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

namespace traffictap {
namespace {

using namespace base;  // NOLINT: the names of the unit under test

MetricFamily Family(MetricFamily::Type type, const std::string& help,
                    std::vector<MetricFamily::Series> series) {
  return {type, help, std::move(series)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(open_metrics)

BOOST_AUTO_TEST_CASE(names_counters_without_total_and_ends_with_eof) {
  MetricFamilies families;
  families["tt_read_total"] =
      Family(MetricFamily::Type::kCounter, "What was \"read\".", {{{{"kind", "a\"b\\\n"}}, 3}});
  families["tt_open"] = Family(MetricFamily::Type::kGauge, "Open.", {{{}, -1.5}, {{}, 1e-7}});
  BOOST_TEST(RenderOpenMetrics(families) ==
             "# TYPE tt_open gauge\n"
             "# HELP tt_open Open.\n"
             "tt_open -1.5\n"
             "tt_open 1e-07\n"
             "# TYPE tt_read counter\n"
             "# HELP tt_read What was \\\"read\\\".\n"
             "tt_read_total{kind=\"a\\\"b\\\\\\n\"} 3\n"
             "# EOF\n");
  BOOST_TEST(RenderOpenMetrics({}) == "# EOF\n");
}

// OpenMetrics has no counter without _total.
BOOST_AUTO_TEST_CASE(a_counter_with_another_name_has_an_unknown_type) {
  MetricFamilies families;
  families["tt_read"] = Family(MetricFamily::Type::kCounter, "Read.", {{{}, 3}});
  BOOST_TEST(RenderOpenMetrics(families) ==
             "# TYPE tt_read unknown\n# HELP tt_read Read.\ntt_read 3\n# EOF\n");
}

BOOST_AUTO_TEST_CASE(a_histogram_has_its_buckets_exemplars_sum_and_count) {
  HistogramValue value;
  value.buckets = {{0.005, 1},
                   {1, 1 << 20, Exemplar{{{"trace_id", "0af7"}}, 0.25, 1700000000.5}},
                   {HUGE_VAL, (1 << 20) + 1}};
  value.sum = 12.5;
  MetricFamilies families;
  families["tt_seconds"] =
      Family(MetricFamily::Type::kHistogram, "How long.", {{{{"a", "b"}}, 0, value}});
  BOOST_TEST(RenderOpenMetrics(families) ==
             "# TYPE tt_seconds histogram\n"
             "# HELP tt_seconds How long.\n"
             "tt_seconds_bucket{a=\"b\",le=\"0.005\"} 1\n"
             "tt_seconds_bucket{a=\"b\",le=\"1.0\"} 1048576 # {trace_id=\"0af7\"} 0.25 "
             "1700000000.500\n"
             "tt_seconds_bucket{a=\"b\",le=\"+Inf\"} 1048577\n"
             "tt_seconds_sum{a=\"b\"} 12.5\n"
             "tt_seconds_count{a=\"b\"} 1048577\n"
             "# EOF\n");
}

BOOST_AUTO_TEST_CASE(is_what_prometheus_asks_for_and_nobody_else) {
  BOOST_TEST(PrefersOpenMetrics(
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
      "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
  BOOST_TEST(PrefersOpenMetrics(
      "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8; q=0.6, "
      "text/plain;version=1.0.0;q=0.4"));
  BOOST_TEST(PrefersOpenMetrics("Application/OpenMetrics-Text; version=\"1.0.0\""));
  BOOST_TEST(PrefersOpenMetrics("application/openmetrics-text"));
  for (const char* accept :
       {"", "*/*", "text/plain", "application/json", "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;q=0", "application/openmetrics-text;q=x",
        "application/openmetrics-text;q=0.2, text/plain;q=0.3", ";;,;q=,"}) {
    BOOST_TEST(!PrefersOpenMetrics(accept), accept);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
