// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace traffictap::base {

using MetricLabels = std::map<std::string, std::string>;

// Receives the figures of one scrape. Names follow Prometheus: units and `_total` last.
class MetricWriter {
 public:
  virtual ~MetricWriter() = default;
  virtual void Counter(const std::string& name, const std::string& help, const MetricLabels& labels,
                       double value) = 0;
  virtual void Gauge(const std::string& name, const std::string& help, const MetricLabels& labels,
                     double value) = 0;
};

// The process' metrics. Parts keep their figures themselves and tell them when asked, so that
// nothing is counted twice and one scrape sees one moment of each part. Thread-safe.
class MetricsRegistry {
 public:
  using Source = std::function<void(MetricWriter&)>;

  // `source` is called on the scraping thread and must outlive the registry.
  void Register(Source source);

  // All figures in Prometheus' text format 0.0.4.
  std::string Render() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::base
