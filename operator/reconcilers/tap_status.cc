// SPDX-License-Identifier: Apache-2.0

// A status is kept in etcd and read by people, so every list in it has a limit and every message is
// cut. Two questions decide whether it is written: IsSameStatus, since there is nothing to write
// then; and DiffersBeyondCounts, since counts change all the time and are written at their own
// pace, while a change of state is written immediately. A count that is new here has to be left out
// in WithoutCounts.
#include "operator/reconcilers/tap_status.h"

#include <algorithm>
#include <set>

#include "base/rfc3339.h"
#include "operator/plan/wording.h"
#include "operator/reconcilers/condition_json.h"
#include "operator/reconcilers/tap_conditions.h"
#include "operator/reconcilers/tap_dumps.h"
#include "tap/enum_names.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;
using plan::Condition;

constexpr size_t kExamplesMax = 10;
constexpr size_t kOutputsMax = 16;
constexpr size_t kTargetsMax = 32;
constexpr size_t kPeersMax = 32;

Json WriteWorkloads(const TapStatusInput& input) {
  return {{"matched", input.outcome.workloads.size()},
          {"pods", input.outcome.pods_matched},
          {"proxies", input.outcome.pods_meshed},
          {"programmed", input.proxies.acknowledged},
          {"reporting", input.totals.proxies}};
}

Json WriteOutputs(const TapTotals& totals) {
  Json out = Json::array();
  for (const auto& [name, output] : totals.outputs) {
    if (out.size() == kOutputsMax) break;
    Json entry{{"name", name},
               {"ready", output.trouble.empty()},
               {"delivered", output.delivered},
               {"dropped", output.dropped},
               {"queued", output.queued}};
    if (output.spooled > 0) {
      entry["spooled"] = output.spooled;
      entry["replayed"] = output.replayed;
    }
    if (!output.trouble.empty()) entry["message"] = CutMessage(output.trouble);
    out.push_back(std::move(entry));
  }
  return out;
}

Json WriteNotVisible(const plan::TapOutcome& outcome) {
  Json out = Json::array();
  for (const auto& blind : outcome.not_visible) {
    if (out.size() == kExamplesMax) break;
    out.push_back({{"subject", blind.subject},
                   {"reason", blind.reason},
                   {"message", CutMessage(blind.message)}});
  }
  return out;
}

constexpr const char* NameOf(plan::TargetOutcome::State state) {
  using State = plan::TargetOutcome::State;
  switch (state) {
    case State::kAttached: return "Attached";
    case State::kPartial: return "Partial";
    case State::kPlanned: return "Planned";
    case State::kNotAttached: break;
  }
  return "NotAttached";
}

Json WriteTargets(const plan::TapOutcome& outcome) {
  Json out = Json::array();
  for (const auto& target : outcome.targets) {
    if (out.size() == kTargetsMax) break;
    Json entry{{"kind", tap::NameOf(target.target.kind)},
               {"state", NameOf(target.state)},
               {"reason", target.reason},
               {"message", CutMessage(target.message)},
               {"workloads", target.workloads},
               {"pods", target.pods},
               {"proxies", target.proxies}};
    if (!target.target.name.empty()) entry["name"] = target.target.name;
    if (!target.target.ns.empty()) entry["namespace"] = target.target.ns;
    if (!target.target.selector.empty()) {
      entry["selector"] = CutMessage(plan::LabelsText(target.target.selector));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Json WritePeers(const plan::TapOutcome& outcome) {
  Json out = Json::array();
  for (const auto& peer : outcome.peers) {
    if (out.size() == kPeersMax) break;
    Json entry{{"namespace", peer.ns},
               {"kind", peer.kind},
               {"name", peer.name},
               {"state", peer.attached ? "Attached" : "NotAttached"},
               {"reason", peer.reason}};
    if (!peer.message.empty()) entry["message"] = CutMessage(peer.message);
    out.push_back(std::move(entry));
  }
  return out;
}

Json WritePatches(const plan::TapOutcome& outcome) {
  Json out = Json::array();
  for (const auto& patch : outcome.patches) {
    if (out.size() == kExamplesMax) break;
    out.push_back(patch);
  }
  return out;
}

constexpr const char* NameOf(plan::AttachmentMode mode) {
  switch (mode) {
    case plan::AttachmentMode::kOnDemand: return "OnDemand";
    case plan::AttachmentMode::kStanding: return "Standing";
    case plan::AttachmentMode::kMixed: return "Mixed";
    case plan::AttachmentMode::kNone: break;
  }
  return nullptr;
}

// The status without what grows with traffic.
Json WithoutCounts(Json status) {
  if (!status.is_object()) return status;
  for (const char* key : {"records", "pairs", "orphans", "orphansByReason", "verdicts", "open",
                          "dropped", "lostEntries", "brokenStreams", "overBudget", "collector"}) {
    status.erase(key);
  }
  if (status.contains("outputs") && status["outputs"].is_array()) {
    for (Json& output : status["outputs"]) {
      for (const char* key : {"delivered", "dropped", "queued", "spooled", "replayed"})
        output.erase(key);
    }
  }
  if (status.contains("recorder") && status["recorder"].is_object()) {
    for (const char* key : {"records", "bytes"}) status["recorder"].erase(key);
  }
  if (status.contains("dumps") && status["dumps"].is_array()) {
    for (Json& dump : status["dumps"]) {
      for (const char* key : {"records", "gap", "joined", "message"}) dump.erase(key);
    }
  }
  if (status.contains("conditions") && status["conditions"].is_array()) {
    for (Json& condition : status["conditions"]) {
      if (condition.value("type", "") == "LossFree") condition.erase("message");
    }
  }
  return status;
}

// Lists that the API server keeps by a key, in the order of that key.
Json Ordered(Json status) {
  if (!status.is_object()) return status;
  for (const auto& [list, key] : {std::pair{"conditions", "type"}, {"outputs", "name"}}) {
    if (!status.contains(list) || !status[list].is_array()) continue;
    std::sort(status[list].begin(), status[list].end(), [&key = key](const Json& a, const Json& b) {
      return a.value(key, "") < b.value(key, "");
    });
  }
  return status;
}

}  // namespace

Json TapStatus(const TapStatusInput& input) {
  Json out{{"observedGeneration", input.outcome.generation},
           {"conditions", Json::array()},
           {"workloads", WriteWorkloads(input)}};
  WriteTotals(input.totals, &out);
  for (const auto& condition : TapConditions(input)) {
    out["conditions"].push_back(
        ConditionJson(condition, input.outcome.generation, input.former, input.now));
  }
  if (const char* mode = NameOf(input.outcome.attachment)) out["attachment"] = mode;
  if (!input.outcome.cost.empty()) out["drains"] = CutMessage(input.outcome.cost);
  if (input.outcome.started) out["startedAt"] = base::FormatRfc3339(*input.outcome.started);
  if (input.outcome.ends) out["endsAt"] = base::FormatRfc3339(*input.outcome.ends);
  if (input.totals.recorder) out["recorder"] = RecorderJson(*input.totals.recorder);
  if (Json dumps = DumpsJson(input.totals, input.former); !dumps.empty()) {
    out["dumps"] = std::move(dumps);
  }
  if (Json outputs = WriteOutputs(input.totals); !outputs.empty())
    out["outputs"] = std::move(outputs);
  if (Json targets = WriteTargets(input.outcome); !targets.empty()) {
    out["targets"] = std::move(targets);
  }
  if (Json peers = WritePeers(input.outcome); !peers.empty()) out["peers"] = std::move(peers);
  if (Json hidden = WriteNotVisible(input.outcome); !hidden.empty()) {
    out["notVisible"] = std::move(hidden);
  }
  if (Json patches = WritePatches(input.outcome); !patches.empty())
    out["patches"] = std::move(patches);
  return out;
}

bool IsSameStatus(const Json& former, const Json& next) { return Ordered(former) == Ordered(next); }

bool DiffersBeyondCounts(const Json& former, const Json& next) {
  return !IsSameStatus(WithoutCounts(former), WithoutCounts(next));
}

bool DiffersInLeases(const Json& former, const Json& next) {
  const auto leases = [](const Json& status) {
    const Json::json_pointer at("/collector/leases");
    return status.is_object() && status.contains(at) ? status.at(at) : Json();
  };
  return leases(former) != leases(next);
}

}  // namespace traffictap::reconcilers
