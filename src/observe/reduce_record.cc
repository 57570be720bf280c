#include "observe/reduce_record.h"

#include "nlohmann/json.hpp"
#include "traffic/pair_json.h"

namespace traffictap::observe {
namespace {

using Json = nlohmann::ordered_json;
using traffic::PackedEntry;
using traffic::TrafficPair;

bool Sees(const Access& access, const PackedEntry& entry, std::set<std::string>* unknown) {
  if (access.MayRead(entry.node->ns)) return true;
  if (unknown != nullptr) unknown->insert(entry.node->ns);
  return false;
}

// The servers of one record are attempts at one service: all of one namespace, or the reader sees
// none of them.
bool SeesServers(const Access& access, const TrafficPair& pair, std::set<std::string>* unknown) {
  bool sees = true;
  for (const auto* server : pair.servers) sees = Sees(access, *server, unknown) && sees;
  return sees;
}

Json Status(const PackedEntry& entry) {
  Json out = {{"reduced", true}};
  if (entry.facts.response_code != 0) out["code"] = entry.facts.response_code;
  return out;
}

Json Namespace(const PackedEntry& entry) {
  return {{"namespace", entry.node->ns}, {"reduced", true}};
}

Json Parsed(std::string_view line) { return Json::parse(line.begin(), line.end()); }

}  // namespace

Visibility VisibilityOf(const TrafficPair& pair, const Access& access,
                        std::set<std::string>* unknown) {
  if (access.everything) return Visibility::kWhole;
  const bool client = pair.client == nullptr || Sees(access, *pair.client, unknown);
  const bool servers = pair.servers.empty() || SeesServers(access, pair, unknown);
  if (client && servers) return Visibility::kWhole;
  const bool some = (pair.client != nullptr && client) || (!pair.servers.empty() && servers);
  return some ? Visibility::kOneSide : Visibility::kNothing;
}

TrafficPair VisibleSide(TrafficPair pair, const Access& access) {
  if (Sees(access, *pair.client, nullptr)) {
    pair.servers = {};
  } else {
    pair.client = nullptr;
  }
  return pair;
}

std::string ReducedLine(const traffic::RecordBatch& batch, size_t index, const Access& access) {
  const TrafficPair whole = batch.pair(index);
  const TrafficPair seen = VisibleSide(whole, access);
  const bool sees_client = seen.client != nullptr;
  std::string line;
  traffic::AppendPairJson(batch.origin(), seen, &line);
  Json out = Parsed(line);
  out["id"] = Parsed(batch.json_line(index))["id"];  // as for everyone else
  if (sees_client) {
    Json servers = Json::array();
    for (const auto* server : whole.servers) servers.push_back(Status(*server));
    out["destination"] = Namespace(*whole.servers.back());
    out["server"] = std::move(servers);
  } else {
    out["source"] = Namespace(*whole.client);
    out["client"] = Status(*whole.client);
  }
  return out.dump() + '\n';
}

}  // namespace traffictap::observe
