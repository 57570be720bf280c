// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace traffictap::base {

// The series of one name, as the sources of a scrape gave them.
struct MetricFamily {
  enum class Type { kCounter, kGauge, kHistogram };
  struct Series {
    MetricLabels labels;
    double value = 0;          // of a counter or gauge
    HistogramValue histogram;  // of a histogram
  };

  Type type = Type::kGauge;
  std::string help;
  std::vector<Series> series;
};
using MetricFamilies = std::map<std::string, MetricFamily>;

// OpenMetrics 1.0 in its text form (prometheus/OpenMetrics, specification/OpenMetrics.md): a counter's
// family is named without "_total", and "# EOF" ends the text. A counter named otherwise, which
// OpenMetrics does not have, is of the type "unknown".
std::string RenderOpenMetrics(const MetricFamilies& families);

// Whether a request's Accept header (RFC 9110, 12.5.1) takes OpenMetrics 1.0, and the older text format
// no more gladly. An empty one takes the older format.
bool PrefersOpenMetrics(std::string_view accept);

}  // namespace traffictap::base
