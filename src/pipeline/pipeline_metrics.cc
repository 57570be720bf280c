// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"
#include "sinks/writer_loop.h"

namespace traffictap::pipeline {
namespace {

using base::MetricLabels;
using base::MetricWriter;

void WriteAdmission(const IngressCounters& counters, MetricWriter& writer) {
  const std::string help =
      "Entries received from proxies: received = kept + filtered + sampled + stale + sum of "
      "rejected by reason.";
  writer.Counter("traffictap_entries_received_total", help, {}, counters.received);
  writer.Counter("traffictap_entries_kept_total", help, {}, counters.kept);
  writer.Counter("traffictap_entries_filtered_total", help, {}, counters.filtered);
  writer.Counter("traffictap_entries_sampled_total", help, {}, counters.sampled);
  writer.Counter("traffictap_entries_stale_total",
                 "Entries of requests that ended before the tap began and had waited in the proxy.",
                 {}, counters.stale);
  for (size_t i = 0; i < counters.rejected.size(); ++i) {
    writer.Counter("traffictap_entries_rejected_total", help,
                   {{"reason", ToString(static_cast<traffic::RejectReason>(i))}},
                   counters.rejected[i]);
  }
}

void WriteJoins(const pairing::JoinCounters& counters, MetricWriter& writer) {
  const std::string help =
      "Joining: kept = 2 * pairs + retries + sum of orphans + duplicates + intermediate + waiting.";
  writer.Counter("traffictap_join_kept_total", help, {}, counters.kept);
  writer.Counter("traffictap_pairs_total", help, {}, counters.pairs);
  writer.Counter("traffictap_retries_total", help, {}, counters.retries);
  writer.Counter("traffictap_duplicates_total", help, {}, counters.duplicates);
  writer.Counter("traffictap_intermediate_total", help, {}, counters.intermediate);
  writer.Gauge("traffictap_waiting", help, {}, counters.waiting);
  for (size_t i = 1; i < counters.orphans.size(); ++i) {
    writer.Counter("traffictap_orphans_total", help,
                   {{"reason", ToString(static_cast<traffic::OrphanReason>(i))}},
                   counters.orphans[i]);
  }
}

void WriteTap(const std::string& tap, const TapCounters& counters, MetricWriter& writer) {
  const std::string help =
      "A tap's records: records = offered + filtered + sampled + dropped_orphans + limited + "
      "match_over_budget.";
  const auto write = [&](const char* name, uint64_t value) {
    writer.Counter(name, help, {{"tap", tap}}, value);
  };
  write("traffictap_tap_records_total", counters.records);
  write("traffictap_tap_records_offered_total", counters.offered);
  write("traffictap_tap_records_filtered_total", counters.filtered);
  write("traffictap_tap_records_sampled_total", counters.sampled);
  write("traffictap_tap_records_dropped_orphans_total", counters.dropped_orphans);
  write("traffictap_tap_records_limited_total", counters.limited);
  write("traffictap_tap_records_match_over_budget_total", counters.match_over_budget);
  writer.Counter("traffictap_tap_records_redaction_over_budget_total",
                 "Offered records with texts withheld, as the tap's redaction rules took too long.",
                 {{"tap", tap}}, counters.redaction_over_budget);
  for (size_t i = 0; i < counters.verdicts.size(); ++i) {
    writer.Counter("traffictap_tap_verdicts_total", "Offered records by verdict.",
                   {{"tap", tap}, {"verdict", ToString(static_cast<traffic::Verdict>(i))}},
                   counters.verdicts[i]);
  }
  for (size_t i = 1; i < counters.orphans.size(); ++i) {
    writer.Counter("traffictap_tap_orphans_total", "Offered one-sided records by reason.",
                   {{"tap", tap}, {"reason", ToString(static_cast<traffic::OrphanReason>(i))}},
                   counters.orphans[i]);
  }
}

void WriteTapIngress(const std::string& tap, const TapIngressCounters& ingress,
                     MetricWriter& writer) {
  writer.Gauge("traffictap_tap_proxies",
               "Proxies that the tap targets and that send to this collector.", {{"tap", tap}},
               ingress.proxies);
  writer.Counter(
      "traffictap_tap_entries_lost_total",
      "Entries of proxies that the tap targets, lost between their arrival and the pairer.",
      {{"tap", tap}}, ingress.lost);
  writer.Counter("traffictap_tap_streams_broken_total",
                 "Streams of proxies that the tap targets which broke with what was in flight.",
                 {{"tap", tap}}, ingress.broken_streams);
}

void WriteOutput(const MetricLabels& labels, const sinks::SinkCounters& counters,
                 MetricWriter& writer) {
  const std::string help =
      "An output's records: offered = delivered + sum of dropped by reason + queued.";
  writer.Counter("traffictap_output_offered_total", help, labels, counters.offered);
  writer.Counter("traffictap_output_delivered_total", help, labels, counters.delivered);
  writer.Gauge("traffictap_output_queued", help, labels, counters.queued);
  writer.Counter("traffictap_output_delivered_bytes_total", "Bytes delivered, before compression.",
                 labels, counters.delivered_bytes);
  writer.Gauge("traffictap_output_healthy", "1 unless the output's last attempt failed.", labels,
               counters.status.ok() ? 1 : 0);
  if (!counters.status.ok()) {
    auto with_reason = labels;
    with_reason["reason"] = absl::StatusCodeToString(counters.status.code());
    writer.Gauge("traffictap_output_failing", "1: the last attempt failed, and how.", with_reason,
                 1);
  }
  for (size_t i = 0; i < counters.dropped.size(); ++i) {
    auto with_reason = labels;
    with_reason["reason"] = sinks::ToString(static_cast<sinks::DropReason>(i));
    writer.Counter("traffictap_output_dropped_total", help, with_reason, counters.dropped[i]);
  }
}

}  // namespace

void Pipeline::WriteMetrics(base::MetricWriter& writer) const {
  const PipelineSnapshot snapshot = Snapshot();
  WriteAdmission(snapshot.ingress, writer);
  WriteJoins(snapshot.joins, writer);
  writer.Gauge("traffictap_waiting_bytes", "Memory of halves that wait for the other side.", {},
               snapshot.waiting_bytes);
  writer.Gauge("traffictap_queue_bytes", "Entries between the streams and the pairer.", {},
               snapshot.queue_bytes);
  writer.Gauge("traffictap_output_memory_bytes",
               "Memory of records that outputs hold: queued, or written and not settled yet.", {},
               snapshot.output_bytes);
  writer.Gauge("traffictap_output_writers_abandoned",
               "Outputs that hung when they were closed and still hang; each keeps a thread.", {},
               static_cast<double>(sinks::AbandonedWriters()));
  for (const auto& tap : snapshot.taps) {
    WriteTap(tap.tap, tap.counters, writer);
    WriteTapIngress(tap.tap, tap.ingress, writer);
    writer.Gauge("traffictap_tap_completed", "1 once a limit has ended the tap.",
                 {{"tap", tap.tap}}, tap.completed);
    for (const auto& [name, counters] : tap.outputs) {
      WriteOutput({{"tap", tap.tap}, {"output", name}}, counters, writer);
    }
  }
  writer.Gauge("traffictap_taps", "Active taps.", {}, snapshot.taps.size());
}

}  // namespace traffictap::pipeline
