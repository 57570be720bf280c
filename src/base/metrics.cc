// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <utility>

#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace traffictap::base {
namespace {

class FamilyWriter final : public MetricWriter {
 public:
  void Counter(const std::string& name, const std::string& help, const MetricLabels& labels,
               double value) override {
    Add(name, help, labels, prometheus::MetricType::Counter).counter.value = value;
  }
  void Gauge(const std::string& name, const std::string& help, const MetricLabels& labels,
             double value) override {
    Add(name, help, labels, prometheus::MetricType::Gauge).gauge.value = value;
  }

  std::vector<prometheus::MetricFamily> Take() {
    std::vector<prometheus::MetricFamily> out;
    for (auto& [name, family] : families_) out.push_back(std::move(family));
    return out;
  }

 private:
  prometheus::ClientMetric& Add(const std::string& name, const std::string& help,
                                const MetricLabels& labels, prometheus::MetricType type) {
    auto& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    auto& metric = family.metric.emplace_back();
    for (const auto& [key, value] : labels) metric.label.push_back({key, value});
    return metric;
  }

  std::map<std::string, prometheus::MetricFamily> families_;
};

}  // namespace

void MetricsRegistry::Register(Source source) {
  absl::MutexLock lock(&mutex_);
  sources_.push_back(std::move(source));
}

std::string MetricsRegistry::Render() const {
  FamilyWriter writer;
  absl::MutexLock lock(&mutex_);
  for (const auto& source : sources_) source(writer);
  return prometheus::TextSerializer().Serialize(writer.Take());
}

}  // namespace traffictap::base
