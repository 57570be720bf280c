// SPDX-License-Identifier: Apache-2.0
#include "observe/reduce_record.h"

#include "nlohmann/json.hpp"
#include "traffic/denial.h"
#include "traffic/grpc_status.h"
#include "traffic/pair_json.h"

namespace traffictap::observe {
namespace {

using Json = nlohmann::ordered_json;
using traffic::PackedEntry;
using traffic::Text;
using traffic::TrafficPair;

Json Parsed(std::string_view line) { return Json::parse(line.begin(), line.end()); }

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

// Calls visit(namespace) for each policy that an entry of the record names.
template <typename Visit>
void ForEachPolicyNamespace(const TrafficPair& pair, Visit visit) {
  const auto look = [&](const PackedEntry& entry) {
    for (const auto which : {Text::kResponseCodeDetails, Text::kConnectionTermination}) {
      const auto ns = traffic::PolicyNamespace(entry.text(which));
      if (!ns.empty()) visit(std::string(ns));
    }
    const auto tried = traffic::ReadPolicyId(entry.text(Text::kDryRunPolicy)).ns;
    if (!tried.empty()) visit(std::string(tried));
  };
  if (pair.client != nullptr) look(*pair.client);
  for (const auto* server : pair.servers) look(*server);
}

bool HidesPolicy(const TrafficPair& pair, const Access& access) {
  bool hides = false;
  ForEachPolicyNamespace(pair, [&](const std::string& ns) { hides |= !access.MayRead(ns); });
  return hides;
}

// In one object of the record: the response or a side.
void HideIn(Json* object) {
  for (const char* field : {"codeDetails", "connectionTermination"}) {
    if (!object->contains(field)) continue;
    (*object)[field] = traffic::WithoutPolicy((*object)[field].get<std::string>());
  }
}

std::string WithoutPolicies(std::string_view line) {
  Json out = Parsed(line);
  for (const char* part : {"response", "client"}) {
    if (out.contains(part)) HideIn(&out[part]);
  }
  if (out.contains("server")) {
    for (Json& server : out["server"]) HideIn(&server);
  }
  for (const char* part : {"denial", "dryRun"}) {
    if (!out.contains(part)) continue;
    out[part].erase("policy");
    out[part].erase("rule");
  }
  return out.dump() + '\n';
}

Json Status(const PackedEntry& entry) {
  Json out = {{"reduced", true}};
  if (entry.facts.response_code != 0) out["code"] = entry.facts.response_code;
  // The code of a call that failed is 200.
  if (entry.facts.grpc_status != traffic::GrpcStatus::kAbsent) {
    out["grpcStatus"] = ToString(entry.facts.grpc_status);
  }
  return out;
}

Json Namespace(const PackedEntry& entry) {
  return {{"namespace", entry.node->ns}, {"reduced", true}};
}

}  // namespace

Visibility VisibilityOf(const TrafficPair& pair, const Access& access,
                        std::set<std::string>* unknown) {
  if (access.everything) return Visibility::kWhole;
  if (unknown != nullptr) {
    ForEachPolicyNamespace(pair, [&](const std::string& ns) {
      if (!access.MayRead(ns)) unknown->insert(ns);
    });
  }
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

std::string VisibleLine(const traffic::RecordBatch& batch, size_t index, Visibility visibility,
                        const Access& access) {
  std::string line =
      visibility == Visibility::kWhole ? batch.json_line(index) : ReducedLine(batch, index, access);
  return HidesPolicy(batch.pair(index), access) ? WithoutPolicies(line) : line;
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
