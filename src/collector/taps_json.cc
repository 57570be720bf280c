// SPDX-License-Identifier: Apache-2.0
#include "collector/taps_json.h"

#include "nlohmann/json.hpp"
#include "observe/live_reader.h"
#include "tap/enum_names.h"

namespace traffictap::collector {
namespace {

using Json = nlohmann::ordered_json;

// Counts by name, those that are zero left out.
template <typename Enum, size_t N>
Json Counts(const std::array<uint64_t, N>& counts, size_t first) {
  Json out = Json::object();
  for (size_t i = first; i < N; ++i) {
    if (counts[i] > 0) out[ToString(static_cast<Enum>(i))] = counts[i];
  }
  return out;
}

Json OutputJson(const tap::OutputSpec& spec, const sinks::SinkCounters& counters) {
  Json out = {{"name", spec.name},
              {"type", tap::NameOf(spec.type)},
              {"healthy", counters.status.ok()},
              {"offered", counters.offered},
              {"delivered", counters.delivered},
              {"deliveredBytes", counters.delivered_bytes},
              {"queued", counters.queued},
              {"dropped", Counts<sinks::DropReason>(counters.dropped, 0)}};
  if (!counters.status.ok()) out["message"] = Message(counters.status);
  return out;
}

Json OutputsJson(const pipeline::TapSnapshot& tap) {
  Json out = Json::array();
  for (const auto& spec : tap.spec->outputs) {
    const auto counters = tap.outputs.find(spec.name);
    if (counters != tap.outputs.end()) out.push_back(OutputJson(spec, counters->second));
  }
  return out;
}

Json LiveJson(const observe::LiveHub& hub, const std::string& tap) {
  const auto counters = hub.counters(tap);
  if (!counters.ok()) return Json::object();
  return {{"published", counters->published},
          {"dropped", counters->dropped},
          {"backlogRecords", counters->published - counters->dropped},
          {"backlogBytes", counters->bytes},
          {"oldestTimeMs", counters->oldest / base::kMillisecond}};
}

Json TapJson(const pipeline::TapSnapshot& tap, const observe::LiveHub& hub) {
  const auto& counters = tap.counters;
  return {{"tap", tap.tap},
          {"namespace", tap.spec->ns},
          {"name", tap.spec->name},
          {"completed", tap.completed},
          {"proxies", tap.ingress.proxies},
          {"lostEntries", tap.ingress.lost},
          {"brokenStreams", tap.ingress.broken_streams},
          {"records",
           {{"seen", counters.records},
            {"offered", counters.offered},
            {"filtered", counters.filtered},
            {"sampled", counters.sampled},
            {"droppedOrphans", counters.dropped_orphans},
            {"limited", counters.limited},
            {"matchOverBudget", counters.match_over_budget},
            {"redactionOverBudget", counters.redaction_over_budget}}},
          {"verdicts", Counts<traffic::Verdict>(counters.verdicts, 0)},
          {"orphans", Counts<traffic::OrphanReason>(counters.orphans, 1)},
          {"outputs", OutputsJson(tap)},
          {"live", LiveJson(hub, tap.tap)}};
}

Json CollectorJson(const pipeline::PipelineSnapshot& snapshot, const observe::LiveHub& hub) {
  const auto& ingress = snapshot.ingress;
  const auto& joins = snapshot.joins;
  return {{"version", TRAFFICTAP_VERSION},
          {"entries",
           {{"received", ingress.received},
            {"kept", ingress.kept},
            {"filtered", ingress.filtered},
            {"sampled", ingress.sampled},
            {"rejected", Counts<traffic::RejectReason>(ingress.rejected, 0)}}},
          {"joins",
           {{"kept", joins.kept},
            {"pairs", joins.pairs},
            {"retries", joins.retries},
            {"orphans", Counts<traffic::OrphanReason>(joins.orphans, 1)},
            {"duplicates", joins.duplicates},
            {"intermediate", joins.intermediate},
            {"waiting", joins.waiting}}},
          {"readers", hub.readers()}};
}

}  // namespace

std::string TapsJson(const pipeline::PipelineSnapshot& snapshot, const observe::LiveHub& hub,
                     const observe::Access& access) {
  Json out = {{"taps", Json::array()}};
  for (const auto& tap : snapshot.taps) {
    if (access.MayRead(observe::NamespaceOf(tap.tap))) out["taps"].push_back(TapJson(tap, hub));
  }
  if (access.everything) out["collector"] = CollectorJson(snapshot, hub);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace traffictap::collector
