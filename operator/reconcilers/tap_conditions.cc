// SPDX-License-Identifier: Apache-2.0

// The plan says what ought to be, istiod what the proxies took, and the collectors what they have
// loaded and delivered; a condition takes the first of these that has something against it. Unknown
// is for what nobody could say yet. Ready is the first of the three that keep a tap from capturing;
// LossFree and Conflicted never do, since a tap that lost records still captures.
#include "operator/reconcilers/tap_conditions.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::reconcilers {
namespace {

using plan::Condition;
using Value = plan::Condition::Value;

const Condition* Find(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool Is(const Condition* condition, Value value) {
  return condition != nullptr && condition->status == value;
}

uint64_t Count(const Counts& counts, const char* name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

std::string WithCost(const std::string& message, const TapStatusInput& input) {
  const std::string& cost = input.outcome.cost;
  if (input.outcome.attachment == plan::AttachmentMode::kStanding) {
    return message +
           "; the namespace is attached permanently, so no connection is affected when the tap "
           "starts or ends";
  }
  return cost.empty() ? message : fmt::format("{}; when it starts and ends, {}", message, cost);
}

Condition FromAcknowledgements(const TapStatusInput& input) {
  const ProxyAcknowledgements& acks = input.proxies;
  // Not pods_meshed: a Sidecar may hide the collector from some, and no patch reaches those.
  const size_t meshed = input.outcome.proxies.size();
  if (!acks.refusals.empty()) {
    return {"Programmed", Value::kFalse, "Refused",
            fmt::format("proxies rejected their configuration and keep the previous one: {}",
                        fmt::join(acks.refusals, "; "))};
  }
  if (!acks.known) {
    // Proxies that send have the patch, whatever istiod would say.
    if (meshed > 0 && input.totals.proxies >= meshed) {
      return {"Programmed", Value::kTrue, "Programmed",
              WithCost(fmt::format("all {} proxies are reporting", meshed), input)};
    }
    if (acks.asking) {
      return {"Programmed", Value::kFalse, "Pending",
              WithCost("the patches are written; waiting for the proxies to accept them", input)};
    }
    return {"Programmed", Value::kUnknown, "AcknowledgementUnknown",
            "the patches are written, but istiod does not say whether the proxies have accepted "
            "them: see the operator's log. Recording is not affected"};
  }
  const std::string accepted =
      fmt::format("{} of {} proxies have accepted the patch", acks.acknowledged, meshed);
  if (acks.acknowledged < meshed) {
    return {"Programmed", Value::kFalse, "Pending", WithCost(accepted, input)};
  }
  return {"Programmed", Value::kTrue, "Programmed", WithCost(accepted, input)};
}

Condition Programmed(const TapStatusInput& input) {
  const Condition* planned = Find(input.outcome.conditions, "Programmed");
  if (Is(planned, Value::kFalse)) return *planned;
  if (!input.patch_error.empty()) {
    return {"Programmed", Value::kFalse, "ApplyFailed", input.patch_error};
  }
  return FromAcknowledgements(input);
}

Condition OutputsReady(const TapStatusInput& input) {
  const Condition* resolved = Find(input.outcome.conditions, "OutputsResolved");
  const auto make = [](Value value, const char* reason, std::string message) {
    return Condition{"OutputsReady", value, reason, std::move(message)};
  };
  if (Is(resolved, Value::kFalse))
    return make(Value::kFalse, resolved->reason.c_str(), resolved->message);
  if (!input.outcome.in_force) return make(Value::kUnknown, "NotInForce", "the tap is not active");
  const TapTotals& totals = input.totals;
  if (!totals.connected) {
    return make(Value::kUnknown, "CollectorAbsent",
                "no collector is connected to the operator: check that its pods run and reach it");
  }
  if (!totals.faults.empty()) return make(Value::kFalse, "CollectorRefused", totals.faults[0]);
  if (!totals.in_force || totals.generation < input.outcome.generation) {
    return make(Value::kUnknown, "CollectorPending",
                "the collector has not loaded this version yet");
  }
  std::vector<std::string> failing;
  for (const auto& [name, output] : totals.outputs) {
    if (!output.trouble.empty()) failing.push_back(fmt::format("{}: {}", name, output.trouble));
  }
  if (!failing.empty())
    return make(Value::kFalse, "OutputFailing", fmt::format("{}", fmt::join(failing, "; ")));
  if (totals.outputs.empty()) {
    return make(Value::kTrue, "NoOutputs",
                "no outputs configured: records are available to live readers only");
  }
  return make(
      Value::kTrue, "Delivering",
      fmt::format("{} of {} outputs deliver", totals.outputs.size(), totals.outputs.size()));
}

Condition LossFree(const TapStatusInput& input) {
  const Counts& counts = input.totals.counts;
  const uint64_t lost = Count(counts, "lostEntries");
  const uint64_t streams = Count(counts, "brokenStreams");
  const uint64_t dropped = Count(counts, "dropped");
  const uint64_t over_budget = Count(counts, "overBudget");
  if (lost + streams + dropped + over_budget > 0) {
    return {
        "LossFree", Value::kFalse, "RecordsLost",
        fmt::format("{} entries lost on arrival, {} streams from proxies broken with entries in "
                    "flight, {} records dropped by outputs, {} records affected because the "
                    "tap's patterns ran out of time",
                    lost, streams, dropped, over_budget)};
  }
  if (!input.totals.connected) {
    return {"LossFree", Value::kUnknown, "CollectorAbsent",
            "no collector is connected, so nothing is known of losses"};
  }
  return {
      "LossFree", Value::kTrue, "NothingLost",
      "nothing that reached the collector was lost; what Envoy drops before that is not counted "
      "here"};
}

Condition Completed(const TapStatusInput& input) {
  const Condition* planned = Find(input.outcome.conditions, "Completed");
  return planned != nullptr
             ? *planned
             : Condition{"Completed", Value::kFalse, "Running", "no limit has ended the tap"};
}

// Where some targets lead to no proxy while the others are recorded.
std::string LostTargets(const TapStatusInput& input) {
  const auto& targets = input.outcome.targets;
  const auto lost = std::count_if(targets.begin(), targets.end(), [](const auto& target) {
    return target.state == plan::TargetOutcome::State::kNotAttached;
  });
  return lost == 0 ? ""
                   : fmt::format("; {} of {} targets lead to no proxy, see status.targets", lost,
                                 targets.size());
}

// The first condition that keeps the tap from capturing. An istiod that does not say what the
// proxies took may never say it, and a tap of an idle workload would be waited for in vain.
Condition Ready(const std::vector<Condition>& conditions, const TapStatusInput& input) {
  const Condition* completed = Find(conditions, "Completed");
  if (Is(completed, Value::kTrue)) return {"Ready", Value::kTrue, "Completed", completed->message};
  std::string unknown;
  for (const char* type : {"Accepted", "Programmed", "OutputsReady"}) {
    const Condition* condition = Find(conditions, type);
    if (condition == nullptr || condition->status == Value::kTrue) continue;
    if (condition->reason == "AcknowledgementUnknown") {
      unknown = "; istiod does not say whether the others have accepted the patch";
      continue;
    }
    return {"Ready", condition->status, condition->reason, condition->message};
  }
  return {"Ready", Value::kTrue, "Capturing",
          fmt::format("{} of {} proxies are reporting{}{}", input.totals.proxies,
                      input.outcome.proxies.size(), unknown, LostTargets(input))};
}

// kstatus: Failed while an edit by a person is needed, InProgress while we work.
void AddProgress(std::vector<Condition>* conditions) {
  const Condition ready = (*conditions)[0];
  if (ready.status == Value::kTrue) return;
  const bool stalled = Is(Find(*conditions, "Accepted"), Value::kFalse);
  conditions->push_back(
      {stalled ? "Stalled" : "Reconciling", Value::kTrue, ready.reason, ready.message});
}

}  // namespace

std::vector<Condition> TapConditions(const TapStatusInput& input) {
  std::vector<Condition> out;
  const Condition* accepted = Find(input.outcome.conditions, "Accepted");
  if (accepted != nullptr) out.push_back(*accepted);
  out.push_back(Programmed(input));
  out.push_back(OutputsReady(input));
  out.push_back(LossFree(input));
  out.push_back(Completed(input));
  const Condition* conflicted = Find(input.outcome.conditions, "Conflicted");
  if (conflicted != nullptr) out.push_back(*conflicted);
  out.insert(out.begin(), Ready(out, input));
  AddProgress(&out);
  return out;
}

}  // namespace traffictap::reconcilers
