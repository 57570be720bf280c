// SPDX-License-Identifier: Apache-2.0

// What a target came to is read off what the whole tap came to: the pods that it means, among those
// that the tap selects, and which of their proxies are reached. The reason is that of the first of
// its workloads that is not reached in full. Only where a target means no pod at all is the mesh
// asked why: whether it names something that is not there, or something that has no pods now.
#include "operator/plan/target_outcomes.h"

#include <algorithm>

#include "fmt/format.h"
#include "operator/plan/selection.h"
#include "operator/plan/wording.h"
#include "tap/enum_names.h"

namespace traffictap::plan {
namespace {

using State = TargetOutcome::State;

struct Reason {
  std::string reason;
  std::string message;
};

bool IsReached(const TapOutcome& outcome, const Pod& pod) {
  return std::binary_search(outcome.proxies.begin(), outcome.proxies.end(),
                            pod.name + "." + pod.ns);
}

// Why a workload's pods, or some of them, send nothing; null: nothing is known against them.
const Note* NoteOf(const TapOutcome& outcome, const Workload& workload) {
  const std::string subject = workload.subject();
  const auto found = std::find_if(outcome.not_visible.begin(), outcome.not_visible.end(),
                                  [&](const Note& note) { return note.subject == subject; });
  return found == outcome.not_visible.end() ? nullptr : &*found;
}

Reason WhyNoService(const tap::Target& target, const std::string& ns, const MeshIndex& index) {
  const auto services = index.FindServices(ns, target.name);
  if (services.empty()) {
    return {"NotFound", fmt::format("there is no such Service{}: correct the name, or create it",
                                    ns.empty() ? "" : " in namespace " + ns)};
  }
  const Service& first = *services.front();
  if (first.external_name) {
    return {"ExternalName",
            "is of type ExternalName and has no pods here: tap the workloads that call it"};
  }
  if (first.selector.empty()) {
    return {"NoSelector",
            "has no selector, so nothing says which pods are behind it: name their workload"};
  }
  return {"NoPods", fmt::format("no running pod has the labels of its selector, {}: correct it, or "
                                "wait for pods to start",
                                LabelsText(first.selector))};
}

// Of a target that no pod belongs to.
Reason WhyNobody(const tap::Target& target, const TapState& state, const MeshIndex& index) {
  const tap::TapSpec& spec = *state.tap->spec;
  if (target.kind == tap::TargetKind::kService) {
    return WhyNoService(target, spec.cluster_scoped ? target.ns : spec.ns, index);
  }
  const std::string& ns = target.kind == tap::TargetKind::kNamespace ? target.name : target.ns;
  if (!ns.empty() && !index.HasNamespace(ns)) {
    return {"NotFound", fmt::format("there is no namespace {}: correct the name", ns)};
  }
  return {"NoPods", "no running pod belongs to it: correct it, or wait for pods to start"};
}

class Counting {
 public:
  Counting(const tap::Target& target, const TapState& state, const MeshIndex& index,
           const TapOutcome& outcome)
      : target_(target),
        state_(state),
        index_(index),
        outcome_(outcome),
        meant_(ResolveTarget(*state.tap->spec, target, index)) {}

  TargetOutcome Run() {
    for (const SelectedWorkload& selected : state_.selection.workloads) Count(selected);
    out_.target = target_;
    const Reason reason = ReasonOf();
    out_.reason = reason.reason;
    out_.message = reason.message;
    const bool planned = state_.tap->plan_only && out_.state != State::kNotAttached;
    if (planned) out_.state = State::kPlanned;
    return std::move(out_);
  }

 private:
  // The pods are those that the tap selects, so all of them are in its reach.
  bool IsMeant(const Pod& pod) const {
    return std::any_of(meant_.begin(), meant_.end(),
                       [&](const tap::Target& target) { return IsTarget(target, pod); });
  }

  void Count(const SelectedWorkload& selected) {
    uint32_t pods = 0;
    uint32_t reached = 0;
    for (const Pod* pod : selected.pods) {
      if (!IsMeant(*pod)) continue;
      ++pods;
      reached += IsReached(outcome_, *pod) ? 1 : 0;
    }
    if (pods == 0) return;
    ++out_.workloads;
    out_.pods += pods;
    out_.proxies += reached;
    if (reached < pods && against_ == nullptr) against_ = NoteOf(outcome_, *selected.workload);
  }

  bool IsOurs() const {
    return std::any_of(state_.selection.ours.begin(), state_.selection.ours.end(),
                       [&](const Workload* workload) {
                         return std::any_of(workload->pods.begin(), workload->pods.end(),
                                            [&](const Pod* pod) { return IsMeant(*pod); });
                       });
  }

  Reason ReasonOf() {
    out_.state = State::kNotAttached;
    if (out_.pods == 0 && IsOurs()) {
      return {"OwnComponent", "is TrafficTap's own, which is never tapped"};
    }
    if (out_.pods == 0) return WhyNobody(target_, state_, index_);
    const std::string count =
        fmt::format("{} of {} can be tapped", out_.proxies, Counted(out_.pods, "pod"));
    if (out_.proxies == out_.pods) {
      out_.state = State::kAttached;
      return {"Attached", count};
    }
    if (out_.proxies > 0) out_.state = State::kPartial;
    if (out_.proxies > 0 && against_ == nullptr) return {"Partial", count};
    if (against_ != nullptr) {
      return {against_->reason,
              fmt::format("{}; {}: {}", count, against_->subject, against_->message)};
    }
    return {"NotInForce", "the tap is not active: see its conditions"};
  }

  const tap::Target& target_;
  const TapState& state_;
  const MeshIndex& index_;
  const TapOutcome& outcome_;
  const std::vector<tap::Target> meant_;  // what collectors go by in its place
  const Note* against_ = nullptr;
  TargetOutcome out_;
};

}  // namespace

std::vector<TargetOutcome> TargetOutcomesOf(const TapState& state, const MeshIndex& index,
                                            const TapOutcome& outcome) {
  std::vector<TargetOutcome> out;
  if (state.tap->spec == nullptr) return out;
  for (const tap::Target& target : state.tap->spec->targets) {
    out.push_back(Counting(target, state, index, outcome).Run());
  }
  return out;
}

std::string SubjectOf(const tap::Target& target) {
  std::string out = tap::NameOf(target.kind);
  if (!target.name.empty()) {
    out += fmt::format(" {}{}", target.ns.empty() ? "" : target.ns + "/", target.name);
  }
  if (!target.selector.empty()) out += " with " + LabelsText(target.selector);
  return out;
}

}  // namespace traffictap::plan
