// SPDX-License-Identifier: Apache-2.0
#include "observe/latency_histogram.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

namespace traffictap::observe {

BOOST_AUTO_TEST_SUITE(latency_histogram)

BOOST_AUTO_TEST_CASE(every_duration_is_within_two_percent_of_its_bucket) {
  for (double ms = 0.002; ms < 3'600'000; ms *= 1.37) {
    for (const double value : {ms, -ms}) {
      const double middle = LatencyHistogram::MiddleOf(LatencyHistogram::BucketOf(value));
      BOOST_TEST(std::abs(middle - value) <= 0.0201 * ms, value << " " << middle);
    }
  }
  BOOST_TEST(LatencyHistogram::BucketOf(0) == 0);
  BOOST_TEST(LatencyHistogram::BucketOf(-0.0005) == 0);
  BOOST_TEST(LatencyHistogram::BucketOf(1e300) == LatencyHistogram::BucketOf(1e200));
}

BOOST_AUTO_TEST_CASE(quantiles_of_parts_that_are_added_up_are_those_of_the_whole) {
  LatencyHistogram whole, odd, even;
  for (int i = 1; i <= 1000; ++i) {
    whole.Add(i, 1);
    (i % 2 == 0 ? even : odd).Add(i, 1);
  }
  for (const auto& [bucket, weight] : even.buckets()) odd.AddTo(bucket, weight);
  for (const double q : {0.5, 0.99}) {
    BOOST_TEST(odd.Quantile(q) == whole.Quantile(q));
    BOOST_TEST(std::abs(whole.Quantile(q) - 1000 * q) <= 0.03 * 1000 * q);
  }
}

BOOST_AUTO_TEST_CASE(what_stands_for_many_counts_as_many) {
  LatencyHistogram histogram;
  BOOST_TEST(histogram.empty());
  histogram.Add(10, 99);
  histogram.Add(-1000, 1);
  BOOST_TEST(histogram.Quantile(0.5) > 9);
  BOOST_TEST(histogram.Quantile(0.001) < -900);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::observe
