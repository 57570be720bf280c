#include "pipeline/pipeline.h"

namespace traffictap::pipeline {
namespace {

using base::MetricLabels;
using base::MetricWriter;

void WriteAdmission(const AdmissionBooks& books, MetricWriter& writer) {
  const std::string help =
      "Entries at the door: received = kept + filtered + sampled + sum of rejected by reason.";
  writer.Counter("traffictap_entries_received_total", help, {}, books.received);
  writer.Counter("traffictap_entries_kept_total", help, {}, books.kept);
  writer.Counter("traffictap_entries_filtered_total", help, {}, books.filtered);
  writer.Counter("traffictap_entries_sampled_total", help, {}, books.sampled);
  for (size_t i = 0; i < books.rejected.size(); ++i) {
    writer.Counter("traffictap_entries_rejected_total", help,
                   {{"reason", ToString(static_cast<traffic::RejectReason>(i))}},
                   books.rejected[i]);
  }
}

void WriteJoins(const pairing::JoinBooks& books, MetricWriter& writer) {
  const std::string help =
      "Joining: kept = 2 * pairs + retries + sum of orphans + duplicates + intermediate + waiting.";
  writer.Counter("traffictap_join_kept_total", help, {}, books.kept);
  writer.Counter("traffictap_pairs_total", help, {}, books.pairs);
  writer.Counter("traffictap_retries_total", help, {}, books.retries);
  writer.Counter("traffictap_duplicates_total", help, {}, books.duplicates);
  writer.Counter("traffictap_intermediate_total", help, {}, books.intermediate);
  writer.Gauge("traffictap_waiting", help, {}, books.waiting);
  for (size_t i = 1; i < books.orphans.size(); ++i) {
    writer.Counter("traffictap_orphans_total", help,
                   {{"reason", ToString(static_cast<traffic::OrphanReason>(i))}}, books.orphans[i]);
  }
}

void WriteTap(const std::string& tap, const TapBooks& books, MetricWriter& writer) {
  const std::string help =
      "A tap's records: records = offered + filtered + sampled + dropped_orphans + limited.";
  const auto write = [&](const char* name, uint64_t value) {
    writer.Counter(name, help, {{"tap", tap}}, value);
  };
  write("traffictap_tap_records_total", books.records);
  write("traffictap_tap_records_offered_total", books.offered);
  write("traffictap_tap_records_filtered_total", books.filtered);
  write("traffictap_tap_records_sampled_total", books.sampled);
  write("traffictap_tap_records_dropped_orphans_total", books.dropped_orphans);
  write("traffictap_tap_records_limited_total", books.limited);
  for (size_t i = 0; i < books.verdicts.size(); ++i) {
    writer.Counter("traffictap_tap_verdicts_total", "Offered records by verdict.",
                   {{"tap", tap}, {"verdict", ToString(static_cast<traffic::Verdict>(i))}},
                   books.verdicts[i]);
  }
  for (size_t i = 1; i < books.orphans.size(); ++i) {
    writer.Counter("traffictap_tap_orphans_total", "Offered one-sided records by reason.",
                   {{"tap", tap}, {"reason", ToString(static_cast<traffic::OrphanReason>(i))}},
                   books.orphans[i]);
  }
}

void WriteDoor(const std::string& tap, const TapDoor& door, MetricWriter& writer) {
  writer.Gauge("traffictap_tap_proxies",
               "Proxies that the tap targets and that send to this collector.", {{"tap", tap}},
               door.proxies);
  writer.Counter(
      "traffictap_tap_entries_lost_total",
      "Entries of proxies that the tap targets, lost between their arrival and the pairer.",
      {{"tap", tap}}, door.lost);
  writer.Counter("traffictap_tap_streams_broken_total",
                 "Streams of proxies that the tap targets which broke with what was in flight.",
                 {{"tap", tap}}, door.broken_streams);
}

void WriteOutput(const MetricLabels& labels, const sinks::SinkStats& stats, MetricWriter& writer) {
  const std::string help =
      "An output's records: offered = delivered + sum of dropped by reason + queued.";
  writer.Counter("traffictap_output_offered_total", help, labels, stats.offered);
  writer.Counter("traffictap_output_delivered_total", help, labels, stats.delivered);
  writer.Gauge("traffictap_output_queued", help, labels, stats.queued);
  writer.Counter("traffictap_output_delivered_bytes_total", "Bytes delivered, before compression.",
                 labels, stats.delivered_bytes);
  writer.Gauge("traffictap_output_healthy", "1 unless the output's last attempt failed.", labels,
               stats.status.ok() ? 1 : 0);
  if (!stats.status.ok()) {
    auto with_reason = labels;
    with_reason["reason"] = absl::StatusCodeToString(stats.status.code());
    writer.Gauge("traffictap_output_failing", "1: the last attempt failed, and how.", with_reason,
                 1);
  }
  for (size_t i = 0; i < stats.dropped.size(); ++i) {
    auto with_reason = labels;
    with_reason["reason"] = sinks::ToString(static_cast<sinks::DropReason>(i));
    writer.Counter("traffictap_output_dropped_total", help, with_reason, stats.dropped[i]);
  }
}

}  // namespace

void Pipeline::WriteMetrics(base::MetricWriter& writer) const {
  const PipelineFigures figures = Figures();
  WriteAdmission(figures.admission, writer);
  WriteJoins(figures.joins, writer);
  writer.Gauge("traffictap_waiting_bytes", "Memory of halves that wait for the other side.", {},
               figures.waiting_bytes);
  writer.Gauge("traffictap_queue_bytes", "Entries between the streams and the pairer.", {},
               figures.queue_bytes);
  for (const auto& tap : figures.taps) {
    WriteTap(tap.tap, tap.books, writer);
    WriteDoor(tap.tap, tap.door, writer);
    writer.Gauge("traffictap_tap_completed", "1 once a limit has ended the tap.",
                 {{"tap", tap.tap}}, tap.completed);
    for (const auto& [name, stats] : tap.outputs) {
      WriteOutput({{"tap", tap.tap}, {"output", name}}, stats, writer);
    }
  }
  writer.Gauge("traffictap_taps", "Taps in force.", {}, figures.taps.size());
}

}  // namespace traffictap::pipeline
