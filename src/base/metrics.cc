// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <utility>

#include "base/open_metrics.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace traffictap::base {
namespace {

using Type = MetricFamily::Type;

class FamilyWriter final : public MetricWriter {
 public:
  void Counter(const std::string& name, const std::string& help, const MetricLabels& labels,
               double value) override {
    Add(name, help, labels, Type::kCounter).value = value;
  }
  void Gauge(const std::string& name, const std::string& help, const MetricLabels& labels,
             double value) override {
    Add(name, help, labels, Type::kGauge).value = value;
  }
  void Histogram(const std::string& name, const std::string& help, const MetricLabels& labels,
                 HistogramValue value) override {
    Add(name, help, labels, Type::kHistogram).histogram = std::move(value);
  }

  const MetricFamilies& families() const { return families_; }

 private:
  MetricFamily::Series& Add(const std::string& name, const std::string& help,
                            const MetricLabels& labels, Type type) {
    auto& family = families_[name];
    family.help = help;
    family.type = type;
    auto& series = family.series.emplace_back();
    series.labels = labels;
    return series;
  }

  MetricFamilies families_;
};

prometheus::MetricType TypeOf(Type type) {
  switch (type) {
    case Type::kCounter: return prometheus::MetricType::Counter;
    case Type::kHistogram: return prometheus::MetricType::Histogram;
    case Type::kGauge: break;
  }
  return prometheus::MetricType::Gauge;
}

prometheus::ClientMetric OfClient(const MetricFamily::Series& series) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : series.labels) out.label.push_back({name, value});
  out.counter.value = out.gauge.value = series.value;
  out.histogram.sample_count = series.histogram.count();
  out.histogram.sample_sum = series.histogram.sum;
  for (const auto& bucket : series.histogram.buckets) {
    out.histogram.bucket.push_back({bucket.count, bucket.upper_bound});
  }
  return out;
}

std::string RenderText(const MetricFamilies& families) {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& [name, family] : families) {
    auto& one = all.emplace_back();
    one.name = name;
    one.help = family.help;
    one.type = TypeOf(family.type);
    for (const auto& series : family.series) one.metric.push_back(OfClient(series));
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace

void MetricsRegistry::Register(Source source) {
  absl::MutexLock lock(&mutex_);
  sources_.push_back(std::move(source));
}

std::string MetricsRegistry::Render() const { return Answer("").body; }

MetricsPage MetricsRegistry::Answer(std::string_view accept) const {
  FamilyWriter writer;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& source : sources_) source(writer);
  }
  if (PrefersOpenMetrics(accept)) {
    return {"application/openmetrics-text; version=1.0.0; charset=utf-8",
            RenderOpenMetrics(writer.families())};
  }
  return {"text/plain; version=0.0.4", RenderText(writer.families())};
}

}  // namespace traffictap::base
