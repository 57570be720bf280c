// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

namespace traffictap::observe {

// Durations by their size, so that those of several collectors can be added up: a quantile is within
// 2 % of the true one, or 1 µs. Durations may be negative (the time between two clocks).
class LatencyHistogram {
 public:
  void Add(double ms, double weight) { AddTo(BucketOf(ms), weight); }
  // What another histogram has in `bucket`.
  void AddTo(int bucket, double weight) { buckets_[bucket] += weight; }

  bool empty() const { return buckets_.empty(); }
  // Weights by bucket, in the order of their durations.
  const std::map<int, double>& buckets() const { return buckets_; }
  // In milliseconds; `q` from 0 to 1. Not of an empty one.
  double Quantile(double q) const;

  static int BucketOf(double ms);
  // The middle of a bucket, in milliseconds.
  static double MiddleOf(int bucket);

 private:
  std::map<int, double> buckets_;
};

}  // namespace traffictap::observe
