// SPDX-License-Identifier: Apache-2.0
#include "collector/collector_report.h"

namespace traffictap::collector {
namespace {

void FillCounters(const pipeline::TapCounters& counters, v1::TapReport* out) {
  out->set_offered(counters.offered);
  out->set_pairs(counters.orphans[static_cast<size_t>(traffic::OrphanReason::kNone)]);
  for (size_t i = 1; i < counters.orphans.size(); ++i) {
    if (counters.orphans[i] == 0) continue;
    (*out->mutable_orphans())[ToString(static_cast<traffic::OrphanReason>(i))] =
        counters.orphans[i];
  }
  for (size_t i = 0; i < counters.verdicts.size(); ++i) {
    if (counters.verdicts[i] == 0) continue;
    (*out->mutable_verdicts())[ToString(static_cast<traffic::Verdict>(i))] = counters.verdicts[i];
  }
  out->set_filtered(counters.filtered);
  out->set_sampled(counters.sampled);
  out->set_limited(counters.limited);
  out->set_match_over_budget(counters.match_over_budget);
  out->set_redaction_over_budget(counters.redaction_over_budget);
  out->set_dropped_orphans(counters.dropped_orphans);
}

void FillOutput(const std::string& name, const sinks::SinkCounters& counters,
                v1::OutputReport* out) {
  out->set_name(name);
  out->set_offered(counters.offered);
  out->set_delivered(counters.delivered);
  out->set_queued(counters.queued);
  for (size_t i = 0; i < counters.dropped.size(); ++i) {
    if (counters.dropped[i] == 0) continue;
    (*out->mutable_dropped())[sinks::ToString(static_cast<sinks::DropReason>(i))] =
        counters.dropped[i];
  }
  if (!counters.status.ok()) out->set_trouble(Message(counters.status));
}

}  // namespace

void FillReport(const pipeline::PipelineSnapshot& snapshot, v1::CollectorReport* report) {
  for (const auto& tap : snapshot.taps) {
    v1::TapReport* out = report->add_taps();
    out->set_tap(tap.tap);
    FillCounters(tap.counters, out);
    out->set_proxies(tap.ingress.proxies);
    out->set_lost_entries(tap.ingress.lost);
    out->set_broken_streams(tap.ingress.broken_streams);
    out->set_completed(tap.completed);
    for (const auto& [name, counters] : tap.outputs) FillOutput(name, counters, out->add_outputs());
  }
}

}  // namespace traffictap::collector
