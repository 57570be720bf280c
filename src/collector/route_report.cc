#include "collector/route_report.h"

namespace traffictap::collector {
namespace {

void FillBooks(const pipeline::TapBooks& books, v1::TapReport* out) {
  out->set_offered(books.offered);
  out->set_pairs(books.orphans[static_cast<size_t>(traffic::OrphanReason::kNone)]);
  for (size_t i = 1; i < books.orphans.size(); ++i) {
    if (books.orphans[i] == 0) continue;
    (*out->mutable_orphans())[ToString(static_cast<traffic::OrphanReason>(i))] = books.orphans[i];
  }
  for (size_t i = 0; i < books.verdicts.size(); ++i) {
    if (books.verdicts[i] == 0) continue;
    (*out->mutable_verdicts())[ToString(static_cast<traffic::Verdict>(i))] = books.verdicts[i];
  }
  out->set_filtered(books.filtered);
  out->set_sampled(books.sampled);
  out->set_limited(books.limited);
  out->set_dropped_orphans(books.dropped_orphans);
}

void FillOutput(const std::string& name, const sinks::SinkStats& stats, v1::OutputReport* out) {
  out->set_name(name);
  out->set_offered(stats.offered);
  out->set_delivered(stats.delivered);
  out->set_queued(stats.queued);
  for (size_t i = 0; i < stats.dropped.size(); ++i) {
    if (stats.dropped[i] == 0) continue;
    (*out->mutable_dropped())[sinks::ToString(static_cast<sinks::DropReason>(i))] =
        stats.dropped[i];
  }
  if (!stats.status.ok()) out->set_trouble(Message(stats.status));
}

}  // namespace

void FillReport(const pipeline::PipelineFigures& figures, v1::CollectorReport* report) {
  for (const auto& tap : figures.taps) {
    v1::TapReport* out = report->add_taps();
    out->set_tap(tap.tap);
    FillBooks(tap.books, out);
    out->set_proxies(tap.door.proxies);
    out->set_lost_entries(tap.door.lost);
    out->set_broken_streams(tap.door.broken_streams);
    out->set_completed(tap.completed);
    for (const auto& [name, stats] : tap.outputs) FillOutput(name, stats, out->add_outputs());
  }
}

}  // namespace traffictap::collector
