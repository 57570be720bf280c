// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/pipeline.h"
#include "sinks/writer_loop.h"

namespace traffictap::pipeline {
namespace {

using base::MetricLabels;
using base::MetricWriter;

// How /metrics shows one counter of a set.
struct CounterMetric {
  const char* counter;  // its name in Visit
  const char* name;
  const char* help;
  const char* label = "reason";  // for what Visit calls the reason
  bool is_gauge = false;
};

constexpr CounterMetric kIngressMetrics[] = {
    {"received", "traffictap_entries_received_total",
     "Entries received from proxies: the sum of kept, filtered, sampled, stale and rejected."},
    {"kept", "traffictap_entries_kept_total", "Entries handed over to be joined."},
    {"filtered", "traffictap_entries_filtered_total", "Entries that no tap asks for."},
    {"sampled", "traffictap_entries_sampled_total", "Entries dropped by sampling."},
    {"stale", "traffictap_entries_stale_total",
     "Entries of requests that ended before the tap began and had waited in the proxy."},
    {"rejected", "traffictap_entries_rejected_total", "Entries lost on arrival."},
};

constexpr CounterMetric kJoinMetrics[] = {
    {"kept", "traffictap_join_kept_total",
     "Entries to join: 2 * pairs + retries + orphans + duplicates + open + intermediate + "
     "waiting."},
    {"pairs", "traffictap_pairs_total", "Requests and connections with both sides."},
    {"retries", "traffictap_retries_total",
     "Entries of servers beyond the first of a pair: earlier attempts."},
    {"orphans", "traffictap_orphans_total", "Entries whose other side is missing."},
    {"duplicates", "traffictap_duplicates_total", "Entries that had already been received."},
    {"open", "traffictap_open_total", "Entries in records of streams that were open."},
    {"intermediate", "traffictap_intermediate_total",
     "Entries of requests and connections that had not ended, replaced by a newer one."},
    {"waiting", "traffictap_waiting", "Entries that wait for the other side.", "reason", true},
};

constexpr CounterMetric kTapMetrics[] = {
    {"records", "traffictap_tap_records_total",
     "Records of the tap: the sum of offered, filtered, sampled, dropped_orphans, limited and "
     "match_over_budget."},
    {"offered", "traffictap_tap_records_offered_total", "Records offered to the tap's outputs."},
    {"filtered", "traffictap_tap_records_filtered_total", "Records that the tap filters out."},
    {"sampled", "traffictap_tap_records_sampled_total", "Records dropped by sampling."},
    {"dropped_orphans", "traffictap_tap_records_dropped_orphans_total",
     "One-sided records dropped by pairing.orphans."},
    {"limited", "traffictap_tap_records_limited_total", "Records beyond the tap's limits."},
    {"match_over_budget", "traffictap_tap_records_match_over_budget_total",
     "Records dropped because the regexes of the tap's match ran out of time."},
    {"redaction_over_budget", "traffictap_tap_records_redaction_over_budget_total",
     "Offered records with texts withheld because the redaction rules ran out of time."},
    {"open", "traffictap_tap_open_total",
     "Offered records of streams that were open: offered = open + pairs + orphans."},
    {"recorded", "traffictap_tap_records_recorded_total",
     "Offered records that the tap's recorder took: the sum of overwritten, dumped and held."},
    {"overwritten", "traffictap_tap_records_overwritten_total",
     "Recorded records that made room for newer ones, or ended with their recorder."},
    {"dumped", "traffictap_tap_records_dumped_total",
     "Recorded records given to the tap's outputs."},
    {"dumps", "traffictap_tap_dumps_total", "Dumps of the tap's recorder."},
    {"verdicts", "traffictap_tap_verdicts_total", "Offered records of ended streams by verdict.",
     "verdict"},
    {"requests", "traffictap_tap_requests_total",
     "Requests that the offered records of ended streams stand for, by verdict: with sampling, an "
     "estimate.",
     "verdict"},
    {"pairs", "traffictap_tap_pairs_total", "Offered records of ended streams with both sides."},
    {"orphans", "traffictap_tap_orphans_total",
     "Offered one-sided records of ended streams by reason."},
};

constexpr CounterMetric kTapIngressMetrics[] = {
    {"proxies", "traffictap_tap_proxies", "Targeted proxies that send to this collector.", "reason",
     true},
    {"lost_entries", "traffictap_tap_entries_lost_total",
     "Entries of targeted proxies lost after arrival, before they were joined."},
    {"broken_streams", "traffictap_tap_streams_broken_total",
     "Streams of targeted proxies that broke. Each may have lost entries in flight."},
};

constexpr CounterMetric kOutputMetrics[] = {
    {"offered", "traffictap_output_offered_total",
     "Records offered to the output. With recovered: the sum of delivered, dropped, queued and "
     "kept."},
    {"delivered", "traffictap_output_delivered_total", "Records delivered."},
    {"dropped", "traffictap_output_dropped_total", "Records dropped by the output."},
    {"queued", "traffictap_output_queued", "Records in the output's queue, or in its spool.",
     "reason", true},
    {"delivered_bytes", "traffictap_output_delivered_bytes_total",
     "Bytes delivered, before compression."},
    {"recovered", "traffictap_output_recovered_total",
     "Records found in the spool when the collector started or the output was changed."},
    {"kept", "traffictap_output_kept_total",
     "Records left in the spool when the output was closed by a change."},
    {"spooled", "traffictap_output_spooled_total", "Records put on disk."},
    {"replayed", "traffictap_output_replayed_total",
     "Records written again, and therefore perhaps delivered twice."},
    {"spool_bytes", "traffictap_output_spool_bytes", "Bytes of the spool's files.", "reason", true},
};

// Each counter of the set by its row. tests/pipeline sees that every counter has one.
template <typename Counters, size_t N>
void Write(const Counters& counters, const CounterMetric (&metrics)[N], const MetricLabels& labels,
           MetricWriter& writer) {
  const auto write = [&](std::string_view name, std::string_view reason, uint64_t value) {
    const auto* metric = std::find_if(std::begin(metrics), std::end(metrics),
                                      [&](const auto& row) { return row.counter == name; });
    if (metric == std::end(metrics)) return;
    MetricLabels all = labels;
    if (!reason.empty()) all[metric->label] = reason;
    if (metric->is_gauge) return writer.Gauge(metric->name, metric->help, all, value);
    writer.Counter(metric->name, metric->help, all, value);
  };
  Counters::Visit(write, counters);
}

void WriteOutput(const MetricLabels& labels, const sinks::SinkCounters& counters,
                 MetricWriter& writer) {
  Write(counters, kOutputMetrics, labels, writer);
  writer.Gauge("traffictap_output_healthy", "1 unless the output's last attempt failed.", labels,
               counters.status.ok() ? 1 : 0);
  if (counters.status.ok()) return;
  auto with_reason = labels;
  with_reason["reason"] = absl::StatusCodeToString(counters.status.code());
  writer.Gauge("traffictap_output_failing", "1 while the output's last attempt failed, by reason.",
               with_reason, 1);
}

void WriteRecorder(const MetricLabels& labels, const RecorderState& recorder,
                   MetricWriter& writer) {
  writer.Gauge("traffictap_tap_recorder_records", "Records held by the tap's recorder.", labels,
               static_cast<double>(recorder.records));
  writer.Gauge("traffictap_tap_recorder_bytes", "Memory of records held by the tap's recorder.",
               labels, static_cast<double>(recorder.bytes));
}

}  // namespace

void Pipeline::WriteMetrics(base::MetricWriter& writer) const {
  const PipelineSnapshot snapshot = Snapshot();
  Write(snapshot.ingress, kIngressMetrics, {}, writer);
  Write(snapshot.joins, kJoinMetrics, {}, writer);
  writer.Gauge("traffictap_waiting_bytes", "Memory of entries that wait for the other side.", {},
               snapshot.waiting_bytes);
  writer.Gauge("traffictap_queue_bytes", "Memory of entries that wait to be joined.", {},
               snapshot.queue_bytes);
  writer.Gauge("traffictap_output_memory_bytes",
               "Memory of records held by outputs: queued, or written but not acknowledged.", {},
               snapshot.output_bytes);
  writer.Gauge("traffictap_output_writers_abandoned",
               "Outputs that hung when they were closed and still hang. Each occupies a thread.",
               {}, static_cast<double>(sinks::AbandonedWriters()));
  for (const auto& tap : snapshot.taps) {
    Write(tap.counters, kTapMetrics, {{"tap", tap.tap}}, writer);
    Write(tap.ingress, kTapIngressMetrics, {{"tap", tap.tap}}, writer);
    writer.Gauge("traffictap_tap_completed", "1 once a limit has ended the tap.",
                 {{"tap", tap.tap}}, tap.completed);
    if (tap.recorder) WriteRecorder({{"tap", tap.tap}}, *tap.recorder, writer);
    if (tap.requests) tap.requests->Write(tap.tap, writer);
    for (const auto& [name, counters] : tap.outputs) {
      WriteOutput({{"tap", tap.tap}, {"output", name}}, counters, writer);
    }
  }
  writer.Gauge("traffictap_taps", "Active taps.", {}, snapshot.taps.size());
}

}  // namespace traffictap::pipeline
