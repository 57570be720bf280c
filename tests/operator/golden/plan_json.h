#pragma once

#include <string>

#include "absl/time/time.h"
#include "kube/object.h"
#include "operator/plan/attachment_name.h"
#include "operator/plan/mesh_plan.h"

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
  if (!patch.request_headers.empty()) out["requestHeaders"] = patch.request_headers;
  if (!patch.response_headers.empty()) out["responseHeaders"] = patch.response_headers;
  for (const auto& owner : patch.owners) out["owners"].push_back(owner.key());
  return out;
}

inline Json VerdictJson(const plan::Verdict& verdict) {
  constexpr const char* kStatus[] = {"True", "False", "Unknown"};
  Json out = {{"tap", verdict.key}, {"inForce", verdict.in_force}};
  for (const auto& condition : verdict.conditions) {
    out["conditions"][condition.type] = std::string(kStatus[static_cast<int>(condition.status)]) +
                                        " " + condition.reason + ": " + condition.message;
  }
  for (const auto& workload : verdict.workloads) {
    out["workloads"].push_back(workload.ns + "/" + workload.kind + "/" + workload.name + ": " +
                               std::to_string(workload.pods_meshed) + " of " +
                               std::to_string(workload.pods) + " pods meshed, " +
                               (workload.patch.empty() ? "no patch" : workload.patch));
  }
  if (!verdict.proxies.empty()) out["proxies"] = verdict.proxies;
  if (!verdict.not_visible.empty()) out["notVisible"] = NotesJson(verdict.not_visible);
  if (!verdict.notes.empty()) out["notes"] = NotesJson(verdict.notes);
  for (const auto& patch : verdict.planned) out["planned"].push_back(PatchJson(patch));
  if (verdict.started) out["started"] = TimeText(*verdict.started);
  if (verdict.ends) out["ends"] = TimeText(*verdict.ends);
  return out;
}

inline Json PlanJson(const plan::MeshPlan& plan) {
  Json out = {{"patches", Json::array()}, {"routes", Json::array()}, {"verdicts", Json::array()}};
  for (const auto& patch : plan.patches) out["patches"].push_back(PatchJson(patch));
  for (const auto& route : plan.routes) {
    out["routes"].push_back({{"tap", route.key},
                             {"generation", route.generation},
                             {"document", Json::parse(route.document)}});
  }
  for (const auto& verdict : plan.verdicts) out["verdicts"].push_back(VerdictJson(verdict));
  if (plan.next_change) out["nextChange"] = TimeText(*plan.next_change);
  return out;
}

}  // namespace traffictap::golden
