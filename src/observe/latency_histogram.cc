// SPDX-License-Identifier: Apache-2.0

// Bucket n > 0 has durations over growth^(n-1) to growth^n microseconds, bucket -n the same with a
// minus, bucket 0 what is shorter than that.
#include "observe/latency_histogram.h"

#include <cmath>

namespace traffictap::observe {
namespace {

constexpr double kGrowth = 1.04;
constexpr double kMicrosecondsPerMs = 1000;
// Of what no request takes: more buckets would be no news.
constexpr int kBucketMax = 1000;

}  // namespace

int LatencyHistogram::BucketOf(double ms) {
  const double size = std::abs(ms) * kMicrosecondsPerMs;
  if (!(size > 1)) return 0;
  const double bucket = std::ceil(std::log(size) / std::log(kGrowth));
  const int out = bucket < kBucketMax ? static_cast<int>(bucket) : kBucketMax;
  return ms < 0 ? -out : out;
}

double LatencyHistogram::MiddleOf(int bucket) {
  if (bucket == 0) return 0;
  const double upper = std::pow(kGrowth, std::abs(bucket));
  // As far from both ends, in proportion.
  const double middle = 2 * upper / (1 + kGrowth) / kMicrosecondsPerMs;
  return bucket < 0 ? -middle : middle;
}

double LatencyHistogram::Quantile(double q) const {
  double all = 0;
  for (const auto& [bucket, weight] : buckets_) all += weight;
  double below = 0;
  for (const auto& [bucket, weight] : buckets_) {
    below += weight;
    if (below >= q * all) return MiddleOf(bucket);
  }
  return MiddleOf(buckets_.rbegin()->first);
}

}  // namespace traffictap::observe
