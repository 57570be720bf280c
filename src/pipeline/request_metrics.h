// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "tap/metrics_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::pipeline {

// What tells one series from another. What the tap does not tell series apart by is empty or 0.
struct SeriesKey {
  enum Name : size_t { kSource, kSourceNamespace, kDestination, kDestinationNamespace, kNames };

  std::array<std::string_view, kNames> names{};  // "unknown" where the record does not say it
  traffic::Verdict verdict = traffic::Verdict::kOk;
  uint8_t response_class = 0;  // 1 to 5; 0: no response

  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

struct SeriesKeyHash {
  size_t operator()(const SeriesKey& key) const;
};

// Requests that a tap offers and their durations, counted by spec.metrics for Prometheus. A record
// counts as the requests that it stands for (TrafficPair::weight). What finds no room among `series_max`
// series is counted in one whose workloads are "other", of which there is at most one for each verdict
// and class of response. Thread-safe.
class RequestMetrics {
 public:
  // What an exemplar names: a trace, or a record.
  struct ExemplarId {
    uint64_t high = 0;
    uint64_t low = 0;
    bool preferred = false;  // not replaced by one that is not
    bool present() const { return (high | low) != 0; }
  };
  struct Exemplar {
    ExemplarId id;
    double seconds = 0;
    base::Nanos time = 0;  // Unix epoch
  };
  // Its key does not change; the rest is guarded by the RequestMetrics.
  struct Series {
    SeriesKey key() const;  // views into `names`

    std::array<std::string, SeriesKey::kNames> names;
    traffic::Verdict verdict = traffic::Verdict::kOk;
    uint8_t response_class = 0;
    double requests = 0;
    double seconds = 0;               // their durations together
    std::vector<double> buckets;      // requests by duration, one more than there are bounds
    std::vector<Exemplar> exemplars;  // the last ones by bucket; none: nobody asked for them
  };
  // One record on its way to its series.
  struct Observed {
    Series* series = nullptr;
    bool other = false;  // there was no room for a series of its own
    double weight = 1;
    base::Nanos duration = traffic::kAbsent;
    ExemplarId id;
  };
  struct Found {
    Series* series = nullptr;
    bool other = false;  // as in Observed
  };

  explicit RequestMetrics(tap::MetricsSpec spec) : spec_(std::move(spec)) {}

  const tap::MetricsSpec& spec() const { return spec_; }
  // Views into the record's entries and nodes.
  SeriesKey KeyOf(const traffic::TrafficPair& pair) const;
  // Makes the series where there is room. Valid as long as this.
  Found Find(const SeriesKey& key);
  // `now`: wall clock.
  void Add(std::span<const Observed> observed, base::Nanos now);
  // `tap`: "namespace/name".
  void Write(const std::string& tap, base::MetricWriter& writer) const;

 private:
  SeriesKey OtherOf(SeriesKey key) const;
  Series* Make(const SeriesKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteSeries(const std::string& tap, const Series& series, base::MetricWriter& writer) const;
  base::HistogramValue HistogramOf(const Series& series) const;

  const tap::MetricsSpec spec_;
  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Series>> series_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<SeriesKey, Series*, SeriesKeyHash> by_key_ ABSL_GUARDED_BY(mutex_);
  size_t own_ ABSL_GUARDED_BY(mutex_) = 0;  // series that were made while there was room
  uint64_t other_records_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One pairing thread's way to them: a series that it has met costs neither a lock nor memory, and what
// it counted is added once a batch. One thread at a time, and always with the same RequestMetrics.
class RequestMeter {
 public:
  // A request that has ended, with its weight; connections are passed over.
  void Count(RequestMetrics& metrics, const traffic::TrafficPair& pair);
  // Adds what was counted since the last call.
  void Deliver(RequestMetrics& metrics, base::Nanos now);

 private:
  RequestMetrics::Found Find(RequestMetrics& metrics, const SeriesKey& key);

  std::unordered_map<SeriesKey, RequestMetrics::Series*, SeriesKeyHash> met_;  // but "other" ones
  std::vector<RequestMetrics::Observed> observed_;
};

}  // namespace traffictap::pipeline
