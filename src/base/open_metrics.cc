// SPDX-License-Identifier: Apache-2.0
#include "base/open_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"

namespace traffictap::base {
namespace {

constexpr std::string_view kTotal = "_total";

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                             {{"\\", "\\\\"}, {"\n", "\\n"}, {"\"", "\\\""}});
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// The bound of a bucket is a label, and so has one spelling alone: 1.0, never 1.
std::string Bound(double value) {
  std::string out = Number(value);
  if (out.find_first_of(".eI") == std::string::npos) out += ".0";
  return out;
}

// {a="b",le="0.5"}; nothing where there are no labels.
std::string LabelSet(const MetricLabels& labels, const std::string& bound = "") {
  std::string out;
  const auto add = [&](const std::string& name, const std::string& value) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, value);
  };
  for (const auto& [name, value] : labels) add(name, Escaped(value));
  if (!bound.empty()) add("le", bound);
  return out.empty() ? out : "{" + out + "}";
}

void WriteExemplar(const Exemplar& exemplar, std::string* out) {
  *out += fmt::format(" # {} {} {:.3f}", LabelSet(exemplar.labels), Number(exemplar.value),
                      exemplar.time);
}

void WriteHistogram(const std::string& name, const MetricFamily::Series& series, std::string* out) {
  for (const auto& bucket : series.histogram.buckets) {
    *out += fmt::format("{}_bucket{} {}", name, LabelSet(series.labels, Bound(bucket.upper_bound)),
                        bucket.count);
    if (bucket.exemplar) WriteExemplar(*bucket.exemplar, out);
    *out += '\n';
  }
  const std::string labels = LabelSet(series.labels);
  *out += fmt::format("{}_sum{} {}\n", name, labels, Number(series.histogram.sum));
  *out += fmt::format("{}_count{} {}\n", name, labels, series.histogram.count());
}

// `sample`: the name of the samples, which of a counter is not that of its family.
void WriteFamily(const std::string& sample, const MetricFamily& family, std::string* out) {
  using Type = MetricFamily::Type;
  std::string name = sample;
  const char* type = family.type == Type::kHistogram ? "histogram" : "gauge";
  if (family.type == Type::kCounter) {
    const bool total = name.ends_with(kTotal);
    type = total ? "counter" : "unknown";
    if (total) name.resize(name.size() - kTotal.size());
  }
  *out += fmt::format("# TYPE {} {}\n# HELP {} {}\n", name, type, name, Escaped(family.help));
  for (const auto& series : family.series) {
    if (family.type == Type::kHistogram) {
      WriteHistogram(name, series, out);
    } else {
      *out += fmt::format("{}{} {}\n", sample, LabelSet(series.labels), Number(series.value));
    }
  }
}

// One media range of an Accept header, in lower case.
struct MediaRange {
  std::string type;
  double quality = 1;
  std::string version;
};

MediaRange ReadMediaRange(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ';');
  MediaRange out;
  out.type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts[0]));
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string part = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts[i]));
    if (part.starts_with("q=") && !absl::SimpleAtod(part.substr(2), &out.quality)) out.quality = 0;
    if (part.starts_with("version=")) {
      out.version = absl::StrReplaceAll(part.substr(8), {{"\"", ""}});
    }
  }
  return out;
}

}  // namespace

std::string RenderOpenMetrics(const MetricFamilies& families) {
  std::string out;
  for (const auto& [name, family] : families) WriteFamily(name, family, &out);
  return out + "# EOF\n";
}

bool PrefersOpenMetrics(std::string_view accept) {
  double open_metrics = 0;
  double text = 0;
  const std::vector<std::string> ranges = absl::StrSplit(std::string(accept), ',');
  for (const std::string& one : ranges) {
    const MediaRange range = ReadMediaRange(one);
    if (range.type == "application/openmetrics-text") {
      const bool known = range.version.empty() || range.version == "1.0.0";
      if (known) open_metrics = std::max(open_metrics, range.quality);
    } else if (range.type == "text/plain" || range.type == "text/*" || range.type == "*/*") {
      text = std::max(text, range.quality);
    }
  }
  return open_metrics > 0 && open_metrics >= text;
}

}  // namespace traffictap::base
