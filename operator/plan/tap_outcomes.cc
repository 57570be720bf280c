// SPDX-License-Identifier: Apache-2.0

// Conditions say the first thing that stands in the way, in the order in which somebody can do
// something about it: the tap's own faults and times first (Accepted, Suspended, Scheduled), then
// the installation (no collector), then the targets, then what hides single workloads. What is true
// of a workload is said of it alone, in not_visible and notes, and a condition quotes the first of
// them.
#include "operator/plan/tap_outcomes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "fmt/format.h"
#include "operator/plan/conflicts.h"
#include "operator/plan/standing_attachments.h"
#include "operator/plan/target_outcomes.h"
#include "operator/plan/visibility.h"
#include "operator/plan/waypoints.h"
#include "operator/plan/wording.h"
#include "tap/values.h"

namespace traffictap::plan {
namespace {

using Value = Condition::Value;

Condition AcceptedOf(const TapState& state) {
  return {"Accepted", state.accepted ? Value::kTrue : Value::kFalse, state.reason, state.message};
}

bool IsConflict(const Note& note) {
  return note.reason == "TelemetryConflict" || note.reason == "FileTaken" ||
         note.reason == "AccessLogReplaced" || note.reason == "HeaderNotStanding" ||
         note.reason == "OpenStreamsNotStanding";
}

Condition ConflictedOf(const TapState& state, const TapOutcome& outcome) {
  std::vector<std::string> subjects;
  const Note* first = nullptr;
  for (const auto* notes : {&outcome.not_visible, &state.unresolved}) {
    for (const Note& note : *notes) {
      if (!IsConflict(note)) continue;
      if (first == nullptr) first = &note;
      const bool told = !subjects.empty() && subjects.back() == note.subject;
      if (note.reason == first->reason && !told) subjects.push_back(note.subject);
    }
  }
  if (first == nullptr) return {"Conflicted", Value::kFalse, "NoConflicts", "no conflicts"};
  return {"Conflicted", Value::kTrue, first->reason,
          fmt::format("{}: {}", Listed(subjects), first->message)};
}

Condition OutputsResolvedOf(const TapState& state) {
  if (state.tap->spec == nullptr) {
    return {"OutputsResolved", Value::kUnknown, "Invalid", "the tap has faults"};
  }
  if (state.unresolved.empty()) {
    return {"OutputsResolved", Value::kTrue, "Resolved",
            Counted(state.tap->spec->outputs.size(), "output")};
  }
  const Note& first = state.unresolved.front();
  std::string message = fmt::format("{}: {}", first.subject, first.message);
  if (state.unresolved.size() > 1) {
    message += fmt::format("; and {} more", state.unresolved.size() - 1);
  }
  return {"OutputsResolved", Value::kFalse, first.reason, message};
}

Condition NotProgrammed(std::string reason, std::string message) {
  return {"Programmed", Value::kFalse, std::move(reason), std::move(message)};
}

std::string NoTargetsText(const TapState& state, const TapOutcome& outcome) {
  if (!state.selection.ours.empty()) {
    return "the targets match only TrafficTap's own pods, which are never tapped";
  }
  if (outcome.targets.size() == 1) {
    const TargetOutcome& only = outcome.targets.front();
    return fmt::format("{}: {}", SubjectOf(only.target), only.message);
  }
  return "no pods match the targets: correct them, or wait for pods to start";
}

Condition CoverageOf(const TapState& state, const MeshIndex& index, const TapOutcome& outcome) {
  if (!index.snapshot().collector) {
    return NotProgrammed("CollectorNotFound", "the collector's Service is not there: install it");
  }
  if (outcome.workloads.empty()) return NotProgrammed("NoTargets", NoTargetsText(state, outcome));
  if (!outcome.patches.empty()) {
    const auto patched = std::count_if(outcome.workloads.begin(), outcome.workloads.end(),
                                       [](const WorkloadMatch& w) { return !w.patch.empty(); });
    return {"Programmed", Value::kTrue, "Planned",
            fmt::format("{} for {} of {}", Counted(outcome.patches.size(), "patch"), patched,
                        Counted(outcome.workloads.size(), "workload"))};
  }
  const auto cause = std::find_if(outcome.not_visible.begin(), outcome.not_visible.end(),
                                  [](const Note& note) { return note.reason != "NotMeshed"; });
  if (cause != outcome.not_visible.end()) {
    return NotProgrammed(cause->reason, fmt::format("{}: {}", cause->subject, cause->message));
  }
  return NotProgrammed(
      "WorkloadsNotMeshed",
      fmt::format("none of {} has an Istio proxy: enable sidecar injection and restart the pods",
                  Counted(outcome.pods_matched, "matching pod")));
}

Condition ProgrammedOf(const TapState& state, const MeshIndex& index, const TapOutcome& outcome) {
  if (!state.accepted) return NotProgrammed("NotAccepted", "see the condition Accepted");
  if (state.tap->suspended) {
    return NotProgrammed("Suspended",
                         "suspended by the annotation traffictap.io/suspend: remove it to start");
  }
  if (state.schedule.phase == Phase::kScheduled) {
    return NotProgrammed("Scheduled", state.schedule.message);
  }
  if (state.schedule.phase == Phase::kCompleted) {
    return NotProgrammed("Completed", state.schedule.message);
  }
  if (state.tap->plan_only && !outcome.patches.empty()) {
    return NotProgrammed("PlanOnly",
                         fmt::format("would be {}; remove the annotation traffictap.io/plan-only "
                                     "to start",
                                     Counted(outcome.patches.size(), "patch")));
  }
  return CoverageOf(state, index, outcome);
}

Condition CompletedOf(const TapState& state) {
  if (state.tap->spec == nullptr)
    return {"Completed", Value::kFalse, "Invalid", "the tap has faults"};
  const bool completed = state.schedule.phase == Phase::kCompleted;
  if (!completed && !state.in_force() && state.schedule.phase == Phase::kRunning) {
    return {"Completed", Value::kFalse, "NotInForce", "the tap is not running"};
  }
  return {"Completed", completed ? Value::kTrue : Value::kFalse, state.schedule.reason,
          state.schedule.message};
}

uint32_t CountMeshed(const std::vector<const Pod*>& pods) {
  return static_cast<uint32_t>(std::count_if(pods.begin(), pods.end(), [](const Pod* pod) {
    return IsPatchable(*pod) || pod->proxy == Proxy::kWaypoint;
  }));
}

void AddProxies(const SelectedWorkload& selected, const MeshIndex& index, TapOutcome* outcome) {
  for (const Pod* pod : selected.pods) {
    const bool proxied = pod->proxy == Proxy::kWaypoint || IsPatchable(*pod);
    const bool reached = proxied && !CollectorHidden(index, *pod);
    if (reached) outcome->proxies.push_back(pod->name + "." + pod->ns);
  }
}

void AddWorkload(const SelectedWorkload& selected, const MeshIndex& index, const Outcomes& outcomes,
                 bool would_attach, TapOutcome* outcome) {
  const Workload& workload = *selected.workload;
  WorkloadMatch match{workload.ns,
                      workload.kind,
                      workload.name,
                      static_cast<uint32_t>(selected.pods.size()),
                      CountMeshed(selected.pods),
                      ""};
  const auto found = outcomes.find(&workload);
  if (would_attach && found != outcomes.end()) {
    match.patch = found->second.patch;
    match.standing = found->second.stands;
    if (!match.patch.empty()) AddProxies(selected, index, outcome);
    outcome->not_visible.insert(outcome->not_visible.end(), found->second.not_visible.begin(),
                                found->second.not_visible.end());
    outcome->notes.insert(outcome->notes.end(), found->second.notes.begin(),
                          found->second.notes.end());
  } else {
    const std::vector<Note> blind = BlindSpots(index, workload);
    outcome->not_visible.insert(outcome->not_visible.end(), blind.begin(), blind.end());
  }
  outcome->pods_matched += match.pods;
  outcome->pods_meshed += match.pods_meshed;
  outcome->workloads.push_back(std::move(match));
}

std::vector<std::string> Missing(const std::set<std::string>& wanted,
                                 const std::set<std::string>& there) {
  std::vector<std::string> out;
  std::set_difference(wanted.begin(), wanted.end(), there.begin(), there.end(),
                      std::back_inserter(out));
  return out;
}

void TellMissingHeaders(const std::string& ns, const char* kind,
                        const std::vector<std::string>& names, const char* annotation,
                        TapOutcome* outcome) {
  if (names.empty()) return;
  outcome->not_visible.push_back(
      {ns, "HeaderNotStanding",
       fmt::format("is attached permanently and does not log the {} {}, so records do not have "
                   "it: ask its administrator to add it to the namespace's annotation {}",
                   kind, Listed(names), annotation)});
}

// What the namespaces that are attached once and for all do not log, though the tap asks for it.
void AddMissingHeaders(const TapState& state, const Outcomes& outcomes, TapOutcome* outcome) {
  HeaderSets wanted;
  AddWantedHeaders(*state.tap->spec, &wanted);
  std::map<std::string, const HeaderSets*> standing;
  for (const SelectedWorkload& selected : state.selection.workloads) {
    const auto found = outcomes.find(selected.workload);
    if (found == outcomes.end() || found->second.standing == nullptr) continue;
    standing[selected.workload->ns] = found->second.standing;
  }
  for (const auto& [ns, headers] : standing) {
    TellMissingHeaders(ns, "request header", Missing(wanted.request, headers->request),
                       kStandingRequestHeaders, outcome);
    TellMissingHeaders(ns, "response header", Missing(wanted.response, headers->response),
                       kStandingResponseHeaders, outcome);
    if (wanted.open_streams > 0 && headers->open_streams == 0) {
      outcome->not_visible.push_back(
          {ns, "OpenStreamsNotStanding",
           fmt::format("is attached permanently and does not tell of open streams, so they are "
                       "recorded when they end: ask its administrator to set the namespace's "
                       "annotation {}: {}",
                       kStandingOpenStreams, tap::FormatDuration(wanted.open_streams))});
    }
  }
}

AttachmentMode AttachmentOf(const TapOutcome& outcome) {
  bool standing = false;
  bool on_demand = false;
  for (const WorkloadMatch& match : outcome.workloads) {
    if (!match.patch.empty()) (match.standing ? standing : on_demand) = true;
  }
  if (standing && on_demand) return AttachmentMode::kMixed;
  if (standing) return AttachmentMode::kStanding;
  return on_demand ? AttachmentMode::kOnDemand : AttachmentMode::kNone;
}

// A TrafficTap has no right to what is in another namespace.
void AddWaypointsOutOfReach(const tap::TapSpec& spec, const MeshIndex& index, TapOutcome* outcome) {
  for (const WaypointName& waypoint : WaypointsElsewhere(index, spec.ns)) {
    outcome->not_visible.push_back(
        {spec.ns, "WaypointElsewhere",
         fmt::format(
             "requests to it may pass the waypoint {} of namespace {}, which a TrafficTap of "
             "{} has no permission to attach: tap it there (kind: Gateway), or tap namespace "
             "{} with a ClusterTrafficTap",
             waypoint.name, waypoint.ns, spec.ns, spec.ns)});
  }
}

// What a waypoint of another namespace brings with it that no target asked for.
void AddSharedWaypoints(const Selection& selection, const MeshIndex& index, TapOutcome* outcome) {
  std::map<WaypointName, std::vector<std::string>> used_by;
  for (const std::string& ns : selection.whole_namespaces) {
    for (const WaypointName& waypoint : WaypointsElsewhere(index, ns)) {
      if (!selection.whole_namespaces.contains(waypoint.ns)) used_by[waypoint].push_back(ns);
    }
  }
  for (const SelectedWorkload& selected : selection.workloads) {
    const Workload& workload = *selected.workload;
    const auto found = used_by.find({workload.ns, workload.pods.front()->gateway});
    if (found == used_by.end() || !IsWaypoint(workload)) continue;
    outcome->notes.push_back(
        {workload.subject(), "SharedWaypoint",
         fmt::format(
             "is included as the waypoint of {}; requests to other namespaces that use it are "
             "recorded as well: narrow the tap with match.authorities",
             Listed(found->second))});
  }
}

void AddWaypointsElsewhere(const TapState& state, const MeshIndex& index, TapOutcome* outcome) {
  const tap::TapSpec* spec = state.tap->spec.get();
  if (spec == nullptr) return;
  if (spec->cluster_scoped) {
    if (!spec->targets.empty()) AddSharedWaypoints(state.selection, index, outcome);
  } else if (state.selection.whole_namespaces.contains(spec->ns)) {
    AddWaypointsOutOfReach(*spec, index, outcome);
  }
}

void AddOurs(const TapState& state, TapOutcome* outcome) {
  for (const Workload* workload : state.selection.ours) {
    outcome->not_visible.push_back({workload->subject(), "OwnComponent",
                                    "is TrafficTap's own, which is never tapped: it would record "
                                    "its own recording"});
  }
}

}  // namespace

TapOutcome OutcomeOf(const TapState& state, const MeshIndex& index, const Outcomes& outcomes) {
  TapOutcome out;
  const TapObject& tap = *state.tap;
  out.key = tap.key();
  out.tap = {tap.ns, tap.name, tap.uid};
  out.generation = tap.generation;
  out.in_force = state.in_force();
  out.started = state.schedule.started;
  out.ends = state.schedule.ends;
  const bool would_attach = out.in_force || (state.accepted && tap.plan_only);
  for (const SelectedWorkload& selected : state.selection.workloads) {
    AddWorkload(selected, index, outcomes, would_attach, &out);
  }
  AddOurs(state, &out);
  AddWaypointsElsewhere(state, index, &out);
  if (would_attach) AddMissingHeaders(state, outcomes, &out);
  out.attachment = AttachmentOf(out);
  std::sort(out.proxies.begin(), out.proxies.end());
  std::sort(out.not_visible.begin(), out.not_visible.end());
  std::sort(out.notes.begin(), out.notes.end());
  out.targets = TargetOutcomesOf(state, index, out);
  out.peers = PeerOutcomesOf(state.peers, outcomes);
  std::set<std::string> patches;
  for (const WorkloadMatch& match : out.workloads) {
    if (!match.patch.empty()) patches.insert(match.patch);
  }
  out.patches.assign(patches.begin(), patches.end());
  out.conditions = {AcceptedOf(state), ConflictedOf(state, out), OutputsResolvedOf(state),
                    ProgrammedOf(state, index, out), CompletedOf(state)};
  return out;
}

}  // namespace traffictap::plan
