// SPDX-License-Identifier: Apache-2.0
#include "pipeline/request_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "traffic/record_id.h"
#include "traffic/trace_context.h"

namespace traffictap::pipeline {
namespace {

using traffic::PackedEntry;
using traffic::Text;
using traffic::TrafficPair;

constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kOther = "other";
// Istio's own words (istio_requests_total), in the order of SeriesKey::Name.
constexpr const char* kNameLabels[] = {"source_workload", "source_workload_namespace",
                                       "destination_workload", "destination_workload_namespace"};
constexpr const char* kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr size_t kNameMax = 253;

// A name as Kubernetes has them. Proxies may say anything of themselves and of others, and labels
// must be short and UTF-8.
std::string_view NameOf(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= kNameMax && std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_';
      });
  return good ? text : kUnknown;
}

// An end as its own entry names it, or as the other one tells of it; never an address.
void SetEnd(const PackedEntry* own, const PackedEntry* teller, SeriesKey::Name workload,
            SeriesKey::Name ns, SeriesKey* key) {
  key->names[workload] = NameOf(own != nullptr ? std::string_view(own->node->workload)
                                               : teller->text(Text::kPeerWorkload));
  key->names[ns] =
      NameOf(own != nullptr ? std::string_view(own->node->ns) : teller->text(Text::kPeerNamespace));
}

uint8_t ClassOf(uint32_t code) {
  return code >= 100 && code < 600 ? static_cast<uint8_t>(code / 100) : 0;
}

RequestMetrics::ExemplarId IdOf(tap::Exemplars exemplars, const TrafficPair& pair) {
  switch (exemplars) {
    case tap::Exemplars::kTraceId: {
      const traffic::TraceContext trace = traffic::TraceOf(pair);
      // Of a trace that nobody samples there is nothing to see where traces are kept.
      return {trace.trace_high, trace.trace_low, (trace.flags & 1) != 0};
    }
    case tap::Exemplars::kRecordId: {
      const traffic::RecordId id = traffic::RecordIdOf(pair.principal());
      return {id.high, id.low, true};
    }
    case tap::Exemplars::kNone: break;
  }
  return {};
}

base::MetricLabels IdLabel(tap::Exemplars exemplars, const RequestMetrics::ExemplarId& id) {
  if (exemplars == tap::Exemplars::kRecordId)
    return {{"record_id", traffic::RecordIdText({id.high, id.low})}};
  return {{"trace_id", traffic::TraceIdText({id.high, id.low})}};
}

void AddTo(const std::vector<base::Nanos>& bounds, const RequestMetrics::Observed& one,
           base::Nanos now, RequestMetrics::Series* series) {
  series->requests += one.weight;
  if (one.duration == traffic::kAbsent) return;
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), one.duration);
  const auto bucket = static_cast<size_t>(bound - bounds.begin());
  series->buckets[bucket] += one.weight;
  series->seconds += one.weight * base::Seconds(one.duration);
  if (series->exemplars.empty() || !one.id.present()) return;
  auto& exemplar = series->exemplars[bucket];
  if (exemplar.id.preferred && !one.id.preferred) return;
  exemplar = {one.id, base::Seconds(one.duration), now};
}

}  // namespace

size_t SeriesKeyHash::operator()(const SeriesKey& key) const {
  size_t out = static_cast<size_t>(key.verdict) * 8 + key.response_class;
  for (const auto name : key.names) {
    out = (out * 0x9e3779b97f4a7c15ULL) ^ std::hash<std::string_view>()(name);
  }
  return out;
}

SeriesKey RequestMetrics::Series::key() const {
  SeriesKey out;
  for (size_t i = 0; i < names.size(); ++i) out.names[i] = names[i];
  out.verdict = verdict;
  out.response_class = response_class;
  return out;
}

SeriesKey RequestMetrics::KeyOf(const TrafficPair& pair) const {
  SeriesKey out;
  if (spec_.by_source) {
    SetEnd(pair.client, pair.server(), SeriesKey::kSource, SeriesKey::kSourceNamespace, &out);
  }
  if (spec_.by_destination) {
    SetEnd(pair.server(), pair.client, SeriesKey::kDestination, SeriesKey::kDestinationNamespace,
           &out);
  }
  if (spec_.by_verdict) out.verdict = pair.verdict;
  if (spec_.by_response_class) {
    out.response_class = ClassOf(pair.principal().facts.response_code);
  }
  return out;
}

SeriesKey RequestMetrics::OtherOf(SeriesKey key) const {
  for (auto& name : key.names) {
    if (!name.empty()) name = kOther;
  }
  return key;
}

RequestMetrics::Series* RequestMetrics::Make(const SeriesKey& key) {
  auto made = std::make_unique<Series>();
  for (size_t i = 0; i < key.names.size(); ++i) made->names[i] = key.names[i];
  made->verdict = key.verdict;
  made->response_class = key.response_class;
  made->buckets.resize(spec_.buckets.size() + 1);
  if (spec_.exemplars != tap::Exemplars::kNone) made->exemplars.resize(made->buckets.size());
  Series* const out = made.get();
  series_.push_back(std::move(made));
  by_key_.emplace(out->key(), out);
  return out;
}

RequestMetrics::Found RequestMetrics::Find(const SeriesKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return {found->second, false};
  if (own_ < spec_.series_max) {
    ++own_;
    return {Make(key), false};
  }
  const SeriesKey other = OtherOf(key);
  const auto others = by_key_.find(other);
  return {others != by_key_.end() ? others->second : Make(other), true};
}

void RequestMetrics::Add(std::span<const Observed> observed, base::Nanos now) {
  absl::MutexLock lock(&mutex_);
  for (const Observed& one : observed) {
    AddTo(spec_.buckets, one, now, one.series);
    if (one.other) ++other_records_;
  }
}

// Cumulated as fractions, and cut to whole numbers then: buckets stay in their order, and never go
// down.
base::HistogramValue RequestMetrics::HistogramOf(const Series& series) const {
  base::HistogramValue out;
  out.sum = series.seconds;
  double requests = 0;
  for (size_t i = 0; i < series.buckets.size(); ++i) {
    requests += series.buckets[i];
    auto& bucket = out.buckets.emplace_back();
    bucket.upper_bound = i < spec_.buckets.size() ? base::Seconds(spec_.buckets[i])
                                                  : std::numeric_limits<double>::infinity();
    bucket.count = static_cast<uint64_t>(requests);
    if (series.exemplars.empty() || !series.exemplars[i].id.present()) continue;
    const Exemplar& last = series.exemplars[i];
    bucket.exemplar =
        base::Exemplar{IdLabel(spec_.exemplars, last.id), last.seconds, base::Seconds(last.time)};
  }
  return out;
}

void RequestMetrics::WriteSeries(const std::string& tap, const Series& series,
                                 base::MetricWriter& writer) const {
  base::MetricLabels labels = {{"tap", tap}};
  for (size_t i = 0; i < series.names.size(); ++i) {
    if (!series.names[i].empty()) labels[kNameLabels[i]] = series.names[i];
  }
  if (spec_.by_verdict) labels["verdict"] = ToString(series.verdict);
  if (spec_.by_response_class) labels["response_class"] = kClasses[series.response_class];
  writer.Counter("traffictap_requests_total",
                 "Requests that the offered records of a tap with metrics stand for, by the labels "
                 "that it asks for: with sampling, an estimate. Without open streams and "
                 "connections.",
                 labels, std::floor(series.requests));
  writer.Histogram("traffictap_request_duration_seconds",
                   "Durations of these requests as the caller's proxy measured them, or else the "
                   "callee's.",
                   labels, HistogramOf(series));
}

void RequestMetrics::Write(const std::string& tap, base::MetricWriter& writer) const {
  std::vector<Series> all;
  uint64_t others = 0;
  {
    // A copy: the pairing threads do not wait for the text.
    absl::MutexLock lock(&mutex_);
    for (const auto& series : series_) all.push_back(*series);
    others = other_records_;
  }
  for (const Series& series : all) WriteSeries(tap, series, writer);
  writer.Gauge("traffictap_tap_metrics_series", "Series of the tap's metrics.", {{"tap", tap}},
               static_cast<double>(all.size()));
  writer.Counter("traffictap_tap_metrics_other_total",
                 "Records that are counted in series whose workloads are \"other\", as there were "
                 "metrics.seriesMax series already.",
                 {{"tap", tap}}, static_cast<double>(others));
}

void RequestMeter::Count(RequestMetrics& metrics, const TrafficPair& pair) {
  const auto& facts = pair.principal().facts;
  if (facts.kind == traffic::EntryKind::kTcp) return;
  const auto found = Find(metrics, metrics.KeyOf(pair));
  observed_.push_back({found.series, found.other, pair.weight, facts.duration,
                       IdOf(metrics.spec().exemplars, pair)});
}

// "Other" ones are not kept: there may be any number of keys that lead to them.
RequestMetrics::Found RequestMeter::Find(RequestMetrics& metrics, const SeriesKey& key) {
  const auto met = met_.find(key);
  if (met != met_.end()) return {met->second, false};
  const auto found = metrics.Find(key);
  if (!found.other) met_.emplace(found.series->key(), found.series);
  return found;
}

void RequestMeter::Deliver(RequestMetrics& metrics, base::Nanos now) {
  if (observed_.empty()) return;
  metrics.Add(observed_, now);
  observed_.clear();
}

}  // namespace traffictap::pipeline
