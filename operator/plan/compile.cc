// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/compile.h"

#include <algorithm>
#include <map>

#include "fmt/format.h"
#include "operator/plan/admission.h"
#include "operator/plan/attach.h"
#include "operator/plan/attachment_name.h"
#include "operator/plan/drains.h"
#include "operator/plan/linger.h"
#include "operator/plan/standing_attachments.h"
#include "operator/plan/tap_outcomes.h"
#include "tap/enum_names.h"
#include "tap/write_tap.h"

namespace traffictap::plan {
namespace {

using Demands = std::map<std::string, std::vector<Demand>>;  // by namespace

// The oldest first, then by name: who came first keeps what two want.
std::vector<const TapObject*> BySeniority(const std::vector<TapObject>& taps) {
  std::vector<const TapObject*> out;
  for (const TapObject& tap : taps) out.push_back(&tap);
  std::sort(out.begin(), out.end(), [](const TapObject* a, const TapObject* b) {
    return std::pair(a->created, a->key()) < std::pair(b->created, b->key());
  });
  return out;
}

// By key.
std::map<std::string, TapState> AdmitAll(const MeshIndex& index) {
  std::map<std::string, TapState> out;
  FileClaims claims;
  for (const TapObject* tap : BySeniority(index.snapshot().taps)) {
    out[tap->key()] = Admit(*tap, index, &claims);
  }
  return out;
}

void AddDemands(const TapState& state, Demands* demands) {
  const TapObject& tap = *state.tap;
  for (const Selection* selection : {&state.selection, &state.peers.attached}) {
    const Demand demand{{tap.ns, tap.name, tap.uid}, tap.spec.get(), selection, nullptr};
    std::string last;
    for (const SelectedWorkload& selected : selection->workloads) {
      if (selected.workload->ns == last) continue;  // they are sorted
      last = selected.workload->ns;
      (*demands)[last].push_back(demand);
    }
  }
}

void AddDemands(const std::map<std::string, StandingAttachment>& standing, Demands* demands) {
  for (const auto& [ns, attachment] : standing) {
    (*demands)[ns].push_back({{}, nullptr, &attachment.selection, &attachment.headers});
  }
}

void AttachAll(const MeshIndex& index, const Demands& demands, std::vector<Patch>* patches,
               Outcomes* outcomes) {
  for (const auto& [ns, of_namespace] : demands) {
    NamespaceAttachment attachment = Attach(index, ns, of_namespace);
    patches->insert(patches->end(), attachment.patches.begin(), attachment.patches.end());
    outcomes->merge(attachment.outcomes);
  }
}

void Sort(std::vector<Patch>* patches) {
  std::sort(patches->begin(), patches->end(), [](const Patch& a, const Patch& b) {
    return std::pair(a.at.ns, a.at.name) < std::pair(b.at.ns, b.at.name);
  });
}

bool IsOf(const TapOutcome& outcome, const std::string& patch) {
  return std::binary_search(outcome.patches.begin(), outcome.patches.end(), patch) ||
         std::any_of(outcome.peers.begin(), outcome.peers.end(),
                     [&](const PeerOutcome& peer) { return peer.patch == patch; });
}

using PatchesById = std::map<std::string, const Patch*>;

// Those that come and go with taps.
PatchesById OnDemand(const std::vector<Patch>& patches) {
  PatchesById out;
  for (const Patch& patch : patches) {
    if (!patch.standing) out.emplace(IdOf(patch), &patch);
  }
  return out;
}

std::string CostOf(const MeshIndex& index, const TapState& state, const TapOutcome& outcome,
                   const PatchesById& on_demand) {
  std::vector<const Patch*> own;
  const auto add = [&](const std::string& id) {
    const auto found = on_demand.find(id);
    if (found != on_demand.end()) own.push_back(found->second);
  };
  for (const std::string& id : outcome.patches) add(id);
  for (const PeerOutcome& peer : outcome.peers) add(peer.patch);
  std::string out = CostOf(index, own);
  if (!out.empty() && MayFindPeers(*state.tap->spec, state.selection)) {
    out += fmt::format(
        "; the same happens to each workload that is attached as a peer (spec.peers.attach: {})",
        tap::NameOf(tap::AttachOf(*state.tap->spec)));
  }
  return out;
}

// What a tap that is planned only would do to connections.
void TellDrains(const std::vector<Drain>& drains, TapOutcome* outcome) {
  const bool some = std::any_of(drains.begin(), drains.end(),
                                [&](const Drain& drain) { return IsOf(*outcome, drain.patch); });
  for (Condition& condition : outcome->conditions) {
    if (condition.type != "Programmed" || condition.reason != "PlanOnly") continue;
    condition.message += some ? "; when it begins, and when it ends, " + outcome->cost
                              : "; no connection drains, since its patches are there already";
  }
}

// As if the tap were in force beside the others: what it would own.
TapOutcome PlanAlone(const TapState& state, const MeshIndex& index, const Demands& others) {
  Demands demands;
  AddDemands(state, &demands);
  for (auto& [ns, wanted] : demands) {
    const auto found = others.find(ns);
    if (found != others.end()) {
      wanted.insert(wanted.end(), found->second.begin(), found->second.end());
    }
  }
  std::vector<Patch> patches;
  Outcomes outcomes;
  AttachAll(index, demands, &patches, &outcomes);
  std::optional<base::Nanos> never;
  Linger(index, &patches, &never);
  Sort(&patches);
  TapOutcome outcome = OutcomeOf(state, index, outcomes);
  outcome.cost = CostOf(index, state, outcome, OnDemand(patches));
  TellDrains(DrainsOf(index, patches), &outcome);
  for (Patch& patch : patches) {
    if (patch.standing) continue;
    if (IsOf(outcome, IdOf(patch))) outcome.planned.push_back(std::move(patch));
  }
  return outcome;
}

// The limits become absolute: a collector that starts again must not count a duration anew.
CompiledTap CompiledTapOf(const TapState& state) {
  const TapObject& tap = *state.tap;
  tap::TapSpec spec = *state.resolved;
  spec.limits.duration.reset();
  spec.limits.end_time = state.schedule.ends;
  return {tap.key(), tap.uid, tap.generation, tap::WriteTap(spec), KnownPeersOf(state.peers)};
}

void Earlier(std::optional<base::Nanos> time, std::optional<base::Nanos>* earliest) {
  if (time && (!*earliest || *time < **earliest)) *earliest = time;
}

}  // namespace

MeshPlan Compile(const MeshSnapshot& snapshot) {
  const MeshIndex index(snapshot);
  const std::map<std::string, TapState> states = AdmitAll(index);
  MeshPlan plan;
  const auto standing = StandingAttachments(index, &plan.faults);
  Demands demands;
  AddDemands(standing, &demands);
  for (const auto& [key, state] : states) {
    if (state.in_force()) AddDemands(state, &demands);
  }
  Outcomes outcomes;
  AttachAll(index, demands, &plan.patches, &outcomes);
  Linger(index, &plan.patches, &plan.next_change);
  Sort(&plan.patches);
  plan.drains = DrainsOf(index, plan.patches);
  const PatchesById on_demand = OnDemand(plan.patches);
  for (const auto& [key, state] : states) {
    const bool alone = state.accepted && state.tap->plan_only && !state.tap->suspended;
    TapOutcome outcome =
        alone ? PlanAlone(state, index, demands) : OutcomeOf(state, index, outcomes);
    if (!alone) outcome.cost = CostOf(index, state, outcome, on_demand);
    plan.outcomes.push_back(std::move(outcome));
    if (state.in_force()) plan.compiled_taps.push_back(CompiledTapOf(state));
    if (state.accepted) Earlier(state.schedule.changes, &plan.next_change);
  }
  return plan;
}

}  // namespace traffictap::plan
