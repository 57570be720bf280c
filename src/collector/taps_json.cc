#include "collector/taps_json.h"

#include "nlohmann/json.hpp"
#include "observe/live_reader.h"

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

const char* TypeName(tap::OutputType type) {
  switch (type) {
    case tap::OutputType::kFile: return "File";
    case tap::OutputType::kStdout: return "Stdout";
    case tap::OutputType::kKafka: return "Kafka";
    case tap::OutputType::kOtlp: return "Otlp";
  }
  return "";
}

Json OutputJson(const tap::OutputSpec& spec, const sinks::SinkStats& stats) {
  Json out = {{"name", spec.name},
              {"type", TypeName(spec.type)},
              {"healthy", stats.status.ok()},
              {"offered", stats.offered},
              {"delivered", stats.delivered},
              {"deliveredBytes", stats.delivered_bytes},
              {"queued", stats.queued},
              {"dropped", Counts<sinks::DropReason>(stats.dropped, 0)}};
  if (!stats.status.ok()) out["message"] = Message(stats.status);
  return out;
}

Json OutputsJson(const pipeline::TapFigures& tap) {
  Json out = Json::array();
  for (const auto& spec : tap.spec->outputs) {
    const auto stats = tap.outputs.find(spec.name);
    if (stats != tap.outputs.end()) out.push_back(OutputJson(spec, stats->second));
  }
  return out;
}

Json LiveJson(const observe::LiveHub& hub, const std::string& tap) {
  const auto books = hub.books(tap);
  if (!books.ok()) return Json::object();
  return {{"published", books->published},
          {"dropped", books->dropped},
          {"backlogRecords", books->published - books->dropped},
          {"backlogBytes", books->bytes},
          {"oldestTimeMs", books->oldest / base::kMillisecond}};
}

Json TapJson(const pipeline::TapFigures& tap, const observe::LiveHub& hub) {
  const auto& books = tap.books;
  return {{"tap", tap.tap},
          {"namespace", tap.spec->ns},
          {"name", tap.spec->name},
          {"completed", tap.completed},
          {"proxies", tap.door.proxies},
          {"lostEntries", tap.door.lost},
          {"brokenStreams", tap.door.broken_streams},
          {"records",
           {{"seen", books.records},
            {"offered", books.offered},
            {"filtered", books.filtered},
            {"sampled", books.sampled},
            {"droppedOrphans", books.dropped_orphans},
            {"limited", books.limited}}},
          {"verdicts", Counts<traffic::Verdict>(books.verdicts, 0)},
          {"orphans", Counts<traffic::OrphanReason>(books.orphans, 1)},
          {"outputs", OutputsJson(tap)},
          {"live", LiveJson(hub, tap.tap)}};
}

Json CollectorJson(const pipeline::PipelineFigures& figures, const observe::LiveHub& hub) {
  const auto& door = figures.admission;
  const auto& joins = figures.joins;
  return {{"version", TRAFFICTAP_VERSION},
          {"entries",
           {{"received", door.received},
            {"kept", door.kept},
            {"filtered", door.filtered},
            {"sampled", door.sampled},
            {"rejected", Counts<traffic::RejectReason>(door.rejected, 0)}}},
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

std::string TapsJson(const pipeline::PipelineFigures& figures, const observe::LiveHub& hub,
                     const observe::Access& access) {
  Json out = {{"taps", Json::array()}};
  for (const auto& tap : figures.taps) {
    if (access.MayRead(observe::NamespaceOf(tap.tap))) out["taps"].push_back(TapJson(tap, hub));
  }
  if (access.everything) out["collector"] = CollectorJson(figures, hub);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace traffictap::collector
