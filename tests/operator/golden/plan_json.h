// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/time/time.h"
#include "kube/object.h"
#include "operator/plan/attachment_name.h"
#include "operator/plan/mesh_plan.h"
#include "operator/plan/target_outcomes.h"
#include "tap/values.h"

// A plan as the JSON that its golden file shows.
namespace traffictap::golden {

using kube::Json;

inline std::string TimeText(base::Nanos time) {
  return std::string(
      absl::FormatTime(absl::RFC3339_full, absl::FromUnixNanos(time), absl::UTCTimeZone()));
}

inline Json NotesJson(const std::vector<plan::Note>& notes) {
  Json out = Json::array();
  for (const plan::Note& note : notes) {
    out.push_back(note.subject + ": " + note.reason + ": " + note.message);
  }
  return out;
}

inline Json PatchJson(const plan::Patch& patch) {
  Json out = Json::object();
  out["patch"] = plan::IdOf(patch);
  out["selector"] = patch.at.selector;
  for (const auto& target : patch.at.targets)
    out["targets"].push_back(target.kind + "/" + target.name);
  for (const auto& [is, name] : {std::pair(patch.http, "HTTP"), std::pair(patch.tcp, "TCP")}) {
    if (is) out["protocols"].push_back(name);
  }
  if (!patch.request_headers.empty()) out["requestHeaders"] = patch.request_headers;
  if (!patch.response_headers.empty()) out["responseHeaders"] = patch.response_headers;
  if (patch.open_streams > 0) out["openStreams"] = tap::FormatDuration(patch.open_streams);
  for (const auto& owner : patch.owners) out["owners"].push_back(owner.key());
  if (patch.standing) out["attachment"] = "Standing";
  if (patch.unneeded_since) out["unneededSince"] = TimeText(*patch.unneeded_since);
  return out;
}

inline Json VerdictJson(const plan::TapOutcome& outcome) {
  constexpr const char* kStatus[] = {"True", "False", "Unknown"};
  Json out = {{"tap", outcome.key}, {"inForce", outcome.in_force}};
  for (const auto& condition : outcome.conditions) {
    out["conditions"][condition.type] = std::string(kStatus[static_cast<int>(condition.status)]) +
                                        " " + condition.reason + ": " + condition.message;
  }
  for (const auto& workload : outcome.workloads) {
    out["workloads"].push_back(workload.ns + "/" + workload.kind + "/" + workload.name + ": " +
                               std::to_string(workload.pods_meshed) + " of " +
                               std::to_string(workload.pods) + " pods meshed, " +
                               (workload.patch.empty() ? "no patch" : workload.patch));
  }
  constexpr const char* kStates[] = {"Attached", "Partial", "NotAttached", "Planned"};
  for (const auto& target : outcome.targets) {
    out["targets"].push_back(plan::SubjectOf(target.target) + ": " +
                             kStates[static_cast<int>(target.state)] + " " + target.reason + ": " +
                             target.message);
  }
  for (const auto& peer : outcome.peers) {
    out["peers"].push_back(peer.ns + "/" + peer.kind + "/" + peer.name + ": " + peer.reason +
                           (peer.patch.empty() ? "" : " by " + peer.patch) +
                           (peer.message.empty() ? "" : ": " + peer.message));
  }
  constexpr const char* kModes[] = {"None", "OnDemand", "Standing", "Mixed"};
  const bool stands = outcome.attachment > plan::AttachmentMode::kOnDemand;
  if (stands) out["attachment"] = kModes[static_cast<int>(outcome.attachment)];
  if (!outcome.proxies.empty()) out["proxies"] = outcome.proxies;
  if (!outcome.not_visible.empty()) out["notVisible"] = NotesJson(outcome.not_visible);
  if (!outcome.notes.empty()) out["notes"] = NotesJson(outcome.notes);
  if (!outcome.cost.empty()) out["cost"] = outcome.cost;
  for (const auto& patch : outcome.planned) out["planned"].push_back(PatchJson(patch));
  if (outcome.started) out["started"] = TimeText(*outcome.started);
  if (outcome.ends) out["ends"] = TimeText(*outcome.ends);
  return out;
}

inline Json PlanJson(const plan::MeshPlan& plan) {
  Json out = {
      {"patches", Json::array()}, {"compiledTaps", Json::array()}, {"outcomes", Json::array()}};
  for (const auto& patch : plan.patches) out["patches"].push_back(PatchJson(patch));
  for (const auto& compiled : plan.compiled_taps) {
    out["compiledTaps"].push_back({{"tap", compiled.key},
                                   {"generation", compiled.generation},
                                   {"document", Json::parse(compiled.document)}});
    for (const auto& peer : compiled.peers) {
      Json known = {{"workload", peer.ns + "/" + peer.workload}, {"attached", peer.attached}};
      if (!peer.addresses.empty()) known["addresses"] = peer.addresses;
      if (!peer.network.empty()) known["network"] = peer.network;
      out["compiledTaps"].back()["peers"].push_back(std::move(known));
    }
  }
  if (!plan.faults.empty()) out["faults"] = NotesJson(plan.faults);
  for (const auto& drain : plan.drains) out["drains"].push_back(drain.message);
  for (const auto& outcome : plan.outcomes) out["outcomes"].push_back(VerdictJson(outcome));
  if (plan.next_change) out["nextChange"] = TimeText(*plan.next_change);
  return out;
}

}  // namespace traffictap::golden
