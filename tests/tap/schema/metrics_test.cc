// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "tap/parse_tap.h"
#include "tap/parsing.h"
#include "tap/schema_version.h"
#include "tap/write_tap.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

std::string With(const std::string& fields) { return "  metrics: {" + fields + "}\n"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_metrics)

BOOST_AUTO_TEST_CASE(reads_every_field_and_writes_it_again) {
  const auto tap =
      GoodSpec(With("by: [Destination, ResponseClass], buckets: [2ms, 20ms, 1m], seriesMax: 77, "
                    "exemplars: RecordId"));
  BOOST_REQUIRE(tap->metrics);
  const MetricsSpec& metrics = *tap->metrics;
  BOOST_TEST(!metrics.by_source);
  BOOST_TEST(metrics.by_destination);
  BOOST_TEST(!metrics.by_verdict);
  BOOST_TEST(metrics.by_response_class);
  const std::vector<base::Nanos> buckets = {2 * base::kMillisecond, 20 * base::kMillisecond,
                                            60 * base::kSecond};
  BOOST_TEST(metrics.buckets == buckets, boost::test_tools::per_element());
  BOOST_TEST(metrics.series_max == 77u);
  BOOST_CHECK(metrics.exemplars == Exemplars::kRecordId);
  const auto again = ParseTaps("", WriteTap(*tap)).taps;
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_CHECK(again[0]->metrics == tap->metrics);
}

BOOST_AUTO_TEST_CASE(an_empty_block_has_the_defaults_and_none_counts_nothing) {
  const auto tap = GoodSpec("  metrics: {}\n");
  BOOST_REQUIRE(tap->metrics);
  BOOST_CHECK(*tap->metrics == MetricsSpec());
  BOOST_TEST(tap->metrics->buckets.size() == 11u);
  BOOST_CHECK(!GoodSpec("")->metrics);
}

BOOST_AUTO_TEST_CASE(refuses_values_out_of_their_bounds) {
  BOOST_TEST(Refuses(With("by: []"), "spec.metrics.by"));
  BOOST_TEST(Refuses(With("by: [Path]"), "spec.metrics.by[0]"));
  BOOST_TEST(Refuses(With("by: [Source, Source]"), "spec.metrics.by[1]"));
  BOOST_TEST(Refuses(With("buckets: []"), "spec.metrics.buckets"));
  BOOST_TEST(Refuses(With("buckets: [500us]"), "spec.metrics.buckets[0]"));
  BOOST_TEST(Refuses(With("buckets: [2h]"), "spec.metrics.buckets[0]"));
  BOOST_TEST(Refuses(With("seriesMax: 49"), "spec.metrics.seriesMax"));
  BOOST_TEST(Refuses(With("seriesMax: 5001"), "spec.metrics.seriesMax"));
  BOOST_TEST(Refuses(With("exemplars: SpanId"), "spec.metrics.exemplars"));
}

BOOST_AUTO_TEST_CASE(refuses_buckets_that_do_not_ascend_and_says_which_one) {
  BOOST_TEST(Refuses(With("buckets: [1s, 2s, 100ms, 3s]"), "spec.metrics.buckets[2]"));
  BOOST_TEST(Refuses(With("buckets: [1s, 1000ms]"), "spec.metrics.buckets[1]"));
  BOOST_TEST(Fault(With("buckets: [2s, 1s]")).ends_with("sort the buckets, and list each once"));
  // One fault alone where a duration cannot be read.
  BOOST_TEST(Refuses(With("buckets: [1s, soon, 2s]"), "spec.metrics.buckets[1]"));
}

BOOST_AUTO_TEST_CASE(refuses_more_buckets_than_there_may_be) {
  std::string buckets;
  for (int i = 1; i <= 17; ++i) buckets += (i == 1 ? "" : ", ") + std::to_string(i) + "s";
  BOOST_TEST(Refuses(With("buckets: [" + buckets + "]"), "spec.metrics.buckets"));
}

BOOST_AUTO_TEST_CASE(are_a_newer_field_to_collectors_that_know_the_third_form_of_the_document) {
  BOOST_TEST(kSchemaVersion > 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
