// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"

namespace traffictap::base {

using MetricLabels = std::map<std::string, std::string>;

// Prometheus' unit of time.
inline double Seconds(Nanos nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kSecond);
}

// One of the values that a bucket counts, and where to look further.
struct Exemplar {
  MetricLabels labels;  // names and values: at most 128 characters together
  double value = 0;
  double time = 0;  // seconds since the Unix epoch
};

// One series of a histogram.
struct HistogramValue {
  struct Bucket {
    double upper_bound = 0;  // the bucket has the values up to it
    uint64_t count = 0;      // of those and of all smaller ones
    std::optional<Exemplar> exemplar = std::nullopt;
  };

  uint64_t count() const { return buckets.empty() ? 0 : buckets.back().count; }

  std::vector<Bucket> buckets;  // ascending; the last one's bound is infinity
  double sum = 0;               // of the values
};

// Receives the figures of one scrape. Names follow Prometheus: units and `_total` last.
class MetricWriter {
 public:
  virtual ~MetricWriter() = default;
  virtual void Counter(const std::string& name, const std::string& help, const MetricLabels& labels,
                       double value) = 0;
  virtual void Gauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                     double value) = 0;
  virtual void Histogram(const std::string& name, const std::string& help,
                         const MetricLabels& labels, HistogramValue value) = 0;
};

// An answer to a scrape.
struct MetricsPage {
  std::string content_type;
  std::string body;
};

// The process' metrics. Parts keep their figures themselves and tell them when asked, so that
// nothing is counted twice and one scrape sees one moment of each part. Thread-safe.
class MetricsRegistry {
 public:
  using Source = std::function<void(MetricWriter&)>;

  // `source` is called on the scraping thread and must outlive the registry.
  void Register(Source source);

  // All figures in Prometheus' text format 0.0.4, which has no exemplars.
  std::string Render() const;
  // The same, or in OpenMetrics 1.0 with exemplars where the request's Accept header prefers that.
  MetricsPage Answer(std::string_view accept) const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::base
