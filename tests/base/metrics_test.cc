// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

namespace traffictap {
namespace {

using base::MetricsRegistry;
using base::MetricWriter;

bool Holds(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(durations_are_told_in_seconds) {
  BOOST_TEST(base::Seconds(1500 * base::kMillisecond) == 1.5);
  BOOST_TEST(base::Seconds(0) == 0.0);
}

BOOST_AUTO_TEST_CASE(renders_name_help_type_labels_and_value) {
  MetricsRegistry registry;
  registry.Register([](MetricWriter& writer) {
    writer.Counter("tt_read_total", "What was read.", {{"kind", "http"}}, 3);
    writer.Gauge("tt_open", "What is open.", {}, -1.5);
  });
  const std::string text = registry.Render();
  BOOST_TEST(Holds(text, "# HELP tt_read_total What was read."));
  BOOST_TEST(Holds(text, "# TYPE tt_read_total counter"));
  BOOST_TEST(Holds(text, "tt_read_total{kind=\"http\"} 3"));
  BOOST_TEST(Holds(text, "# TYPE tt_open gauge"));
  BOOST_TEST(Holds(text, "tt_open -1.5"));
}

BOOST_AUTO_TEST_CASE(asks_its_sources_anew_at_each_scrape) {
  MetricsRegistry registry;
  double value = 1;
  registry.Register([&](MetricWriter& writer) { writer.Gauge("tt_x", "X.", {}, value); });
  BOOST_TEST(Holds(registry.Render(), "tt_x 1"));
  value = 2;
  BOOST_TEST(Holds(registry.Render(), "tt_x 2"));
}

BOOST_AUTO_TEST_CASE(puts_one_family_of_several_sources_together) {
  MetricsRegistry registry;
  for (const char* output : {"a", "b"}) {
    registry.Register([output](MetricWriter& writer) {
      writer.Counter("tt_sent_total", "Sent.", {{"output", output}}, 1);
    });
  }
  const std::string text = registry.Render();
  BOOST_TEST(text.find("# TYPE tt_sent_total") == text.rfind("# TYPE tt_sent_total"));
  BOOST_TEST(Holds(text, "tt_sent_total{output=\"a\"} 1"));
  BOOST_TEST(Holds(text, "tt_sent_total{output=\"b\"} 1"));
}

BOOST_AUTO_TEST_CASE(escapes_label_values) {
  MetricsRegistry registry;
  registry.Register([](MetricWriter& writer) {
    writer.Gauge("tt_x", "X.", {{"l", "a\"b\nc\\"}}, 1);
  });
  BOOST_TEST(Holds(registry.Render(), "tt_x{l=\"a\\\"b\\nc\\\\\"} 1"));
}

BOOST_AUTO_TEST_CASE(keeps_large_counters_exact) {
  MetricsRegistry registry;
  registry.Register(
      [](MetricWriter& writer) { writer.Counter("tt_x_total", "X.", {}, 9007199254740991.0); });
  BOOST_TEST(Holds(registry.Render(), "tt_x_total 9007199254740991"));
}

BOOST_AUTO_TEST_CASE(renders_a_histogram_without_its_exemplars) {
  MetricsRegistry registry;
  registry.Register([](MetricWriter& writer) {
    base::HistogramValue value;
    value.buckets = {{0.5, 2, base::Exemplar{{{"trace_id", "ab"}}, 0.4, 1}}, {HUGE_VAL, 3}};
    value.sum = 7.25;
    writer.Histogram("tt_seconds", "How long.", {{"a", "b"}}, value);
  });
  const std::string text = registry.Render();
  BOOST_TEST(Holds(text, "# TYPE tt_seconds histogram"));
  BOOST_TEST(Holds(text, "tt_seconds_bucket{a=\"b\",le=\"0.5\"} 2"));
  BOOST_TEST(Holds(text, "tt_seconds_bucket{a=\"b\",le=\"+Inf\"} 3"));
  BOOST_TEST(Holds(text, "tt_seconds_sum{a=\"b\"} 7.25"));
  BOOST_TEST(Holds(text, "tt_seconds_count{a=\"b\"} 3"));
  BOOST_TEST(text.find("trace_id") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(answers_in_the_format_that_is_preferred_and_says_which) {
  MetricsRegistry registry;
  registry.Register([](MetricWriter& writer) { writer.Counter("tt_x_total", "X.", {}, 1); });
  const auto old = registry.Answer("*/*");
  BOOST_TEST(old.content_type == "text/plain; version=0.0.4");
  BOOST_TEST(old.body == registry.Render());
  const auto open = registry.Answer("application/openmetrics-text; version=1.0.0, */*;q=0.1");
  BOOST_TEST(open.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
  BOOST_TEST(open.body == "# TYPE tt_x counter\n# HELP tt_x X.\ntt_x_total 1\n# EOF\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
