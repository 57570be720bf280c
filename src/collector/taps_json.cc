// SPDX-License-Identifier: Apache-2.0
#include "collector/taps_json.h"

#include "absl/strings/ascii.h"
#include "nlohmann/json.hpp"
#include "observe/live_reader.h"
#include "tap/enum_names.h"
#include "tap/write_tap.h"

namespace traffictap::collector {
namespace {

using Json = nlohmann::ordered_json;

// "dropped_orphans": "droppedOrphans".
std::string JsonName(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    out += name[i] == '_' && i + 1 < name.size() ? absl::ascii_toupper(name[++i]) : name[i];
  }
  return out;
}

// Each counter by its name; those by reason in an object of that name, without the ones that are
// zero.
template <typename Counters>
Json CountersJson(const Counters& counters) {
  Json out = Json::object();
  const auto set = [&](std::string_view name, std::string_view reason, uint64_t value) {
    Json& member = out[JsonName(name)];
    if (reason.empty()) {
      member = value;
    } else if (value > 0) {
      member[std::string(reason)] = value;
    } else if (member.is_null()) {
      member = Json::object();
    }
  };
  Counters::Visit(set, counters);
  return out;
}

// Takes the member out of the object.
Json Take(const char* name, Json* object) {
  Json out = std::move((*object)[name]);
  object->erase(name);
  return out;
}

Json OutputJson(const tap::OutputSpec& spec, const sinks::SinkCounters& counters) {
  Json out = {
      {"name", spec.name}, {"type", tap::NameOf(spec.type)}, {"healthy", counters.status.ok()}};
  out.update(CountersJson(counters));
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

// An end whose namespace the reader may not read keeps its namespace alone, as in records.
Json EndJson(const pipeline::LimitedEdges::End& end, const observe::Access& access) {
  if (!end.ns.empty() && !access.MayRead(end.ns)) return {{"namespace", end.ns}, {"reduced", true}};
  return {{"namespace", end.ns}, {"name", end.name}};
}

// Without any: null.
Json LimitedJson(const pipeline::LimitedEdges& limited, const observe::Access& access) {
  Json edges = Json::array();
  for (const auto& edge : limited.edges()) {
    edges.push_back({{"source", EndJson(edge.source, access)},
                     {"destination", EndJson(edge.destination, access)},
                     {"records", edge.records}});
  }
  if (edges.empty()) return {};
  return {{"edges", std::move(edges)}, {"others", limited.others()}};
}

// What is tapped, in the words of a TrafficTap; outputs are told with their counters.
Json SpecJson(const tap::TapSpec& spec) {
  Json document = Json::parse(tap::WriteTap(spec), nullptr, /*allow_exceptions=*/false);
  Json out = document.is_object() ? Take("spec", &document) : Json();
  if (!out.is_object()) return Json::object();
  out.erase("outputs");
  return out;
}

Json TapJson(const pipeline::TapSnapshot& tap, const observe::LiveHub& hub,
             const observe::Access& access) {
  Json records = CountersJson(tap.counters);
  Json verdicts = Take("verdicts", &records);
  Json orphans = Take("orphans", &records);
  Json requests = Take("requests", &records);
  records["seen"] = Take("records", &records);
  Json out = {{"tap", tap.tap},
              {"namespace", tap.spec->ns},
              {"name", tap.spec->name},
              {"spec", SpecJson(*tap.spec)},
              {"completed", tap.completed}};
  out.update(CountersJson(tap.ingress));
  out["records"] = std::move(records);
  out["verdicts"] = std::move(verdicts);
  out["requests"] = std::move(requests);
  out["orphans"] = std::move(orphans);
  if (Json limited = LimitedJson(tap.limited_edges, access); !limited.is_null()) {
    out["limitedEdges"] = std::move(limited);
  }
  out["outputs"] = OutputsJson(tap);
  out["live"] = LiveJson(hub, tap.tap);
  return out;
}

Json CollectorJson(const pipeline::PipelineSnapshot& snapshot, const observe::LiveHub& hub) {
  return {{"version", TRAFFICTAP_VERSION},
          {"entries", CountersJson(snapshot.ingress)},
          {"joins", CountersJson(snapshot.joins)},
          {"readers", hub.readers()}};
}

}  // namespace

std::string TapsJson(const pipeline::PipelineSnapshot& snapshot, const observe::LiveHub& hub,
                     const observe::Access& access, const std::string& trace_url) {
  Json out = {{"taps", Json::array()}};
  for (const auto& tap : snapshot.taps) {
    if (access.MayRead(observe::NamespaceOf(tap.tap)))
      out["taps"].push_back(TapJson(tap, hub, access));
  }
  if (!trace_url.empty()) out["traceUrl"] = trace_url;
  if (access.everything) out["collector"] = CollectorJson(snapshot, hub);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace traffictap::collector
