// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/admission.h"

#include "fmt/format.h"

namespace traffictap::plan {
namespace {

void Refuse(TapState* state, std::string reason, std::string message) {
  state->accepted = false;
  state->reason = std::move(reason);
  state->message = std::move(message);
}

std::string FaultsOf(const TapObject& tap) {
  constexpr size_t kShown = 3;
  std::string out;
  for (size_t i = 0; i < tap.faults.size() && i < kShown; ++i) {
    const tap::ParseError& fault = tap.faults[i];
    out += fmt::format("{}{} {}", i == 0 ? "" : "; ", fault.field, fault.message);
  }
  if (tap.faults.size() > kShown) out += fmt::format("; and {} more", tap.faults.size() - kShown);
  return out.empty() ? "the document could not be read" : out;
}

void Resolve(const MeshIndex& index, tap::TapSpec spec, FileClaims* claims, TapState* state) {
  ResolvedOutputs outputs = ResolveOutputs(*state->tap, index, claims);
  state->unresolved = std::move(outputs.unresolved);
  if (outputs.outputs.empty() && !state->unresolved.empty()) {
    const Note& first = state->unresolved.front();
    return Refuse(
        state, first.reason,
        fmt::format("no output is left to write to: {}: {}", first.subject, first.message));
  }
  auto resolved = std::make_shared<tap::TapSpec>(std::move(spec));
  resolved->outputs = std::move(outputs.outputs);
  state->resolved = std::move(resolved);
  state->accepted = true;
  state->reason = "Accepted";
  state->message = "the tap is valid";
}

}  // namespace

TapState Admit(const TapObject& tap, const MeshIndex& index, FileClaims* claims) {
  TapState state;
  state.tap = &tap;
  if (tap.spec == nullptr) {
    Refuse(&state, "Invalid", FaultsOf(tap));
    return state;
  }
  tap::TapSpec spec = ResolveTargets(*tap.spec, index);
  state.selection = Select(spec, index);
  if (!tap.cluster_scoped() && index.IsForbidden(tap.ns)) {
    Refuse(&state, "RootNamespace",
           fmt::format("{} is the mesh's root namespace, where taps are not allowed: its "
                       "administrator may label it traffictap.io/allow-taps=true",
                       tap.ns));
  } else {
    // Only a tap that will write may hold a file against others.
    FileClaims none;
    const bool will_write = !tap.suspended && !tap.plan_only &&
                            ScheduleOf(tap, index.snapshot().now, true).phase != Phase::kCompleted;
    Resolve(index, std::move(spec), will_write ? claims : &none, &state);
  }
  const bool may_run = state.accepted && !tap.suspended && !tap.plan_only;
  state.schedule = ScheduleOf(tap, index.snapshot().now, may_run);
  if (state.in_force()) state.peers = ChoosePeers(tap, state.selection, index);
  return state;
}

}  // namespace traffictap::plan
