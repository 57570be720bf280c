// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

// What a tap counts for Prometheus besides its own counters: requests and their durations.
namespace traffictap::tap {

// What an exemplar names: a trace, a record by its id, or nothing, so that there is none.
enum class Exemplars { kTraceId, kRecordId, kNone };

struct MetricsSpec {
  // `by`: what tells one series from another.
  bool by_source = true;
  bool by_destination = true;
  bool by_verdict = true;
  bool by_response_class = false;
  // Upper bounds, ascending, at most kBucketsMax. Those of Prometheus' own client libraries.
  std::vector<base::Nanos> buckets = {5 * base::kMillisecond,     10 * base::kMillisecond,
                                      25 * base::kMillisecond,    50 * base::kMillisecond,
                                      100 * base::kMillisecond,   250 * base::kMillisecond,
                                      500 * base::kMillisecond,   base::kSecond,
                                      2'500 * base::kMillisecond, 5 * base::kSecond,
                                      10 * base::kSecond};
  uint64_t series_max = 500;  // `seriesMax`
  Exemplars exemplars = Exemplars::kTraceId;

  friend bool operator==(const MetricsSpec&, const MetricsSpec&) = default;
};

inline constexpr size_t kBucketsMax = 16;
// A series for each verdict and class of response is always left for what finds no room.
inline constexpr uint64_t kSeriesMaxMin = 50;
inline constexpr uint64_t kSeriesMaxMax = 5000;

}  // namespace traffictap::tap
