// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/destination_status.h"

#include "operator/reconcilers/condition_json.h"
#include "operator/reconcilers/tap_status.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;
using plan::Condition;

Condition ReadyOf(const std::vector<tap::ParseError>& faults) {
  if (faults.empty()) {
    return {"Ready", Condition::Value::kTrue, "Accepted", "taps of allowedNamespaces may name it"};
  }
  std::string message;
  for (const auto& fault : faults) {
    if (!message.empty()) message += "; ";
    message += fault.field + ": " + fault.message;
  }
  return {"Ready", Condition::Value::kFalse, "Invalid", message};
}

}  // namespace

std::optional<Json> DestinationStatus(const kube::Object& destination,
                                      const std::vector<tap::ParseError>& faults, base::Nanos now) {
  const Json* found = destination.Find("/status");
  const Json former = found == nullptr ? Json() : *found;
  Json next{{"observedGeneration", destination.generation()}};
  next["conditions"] =
      Json::array({ConditionJson(ReadyOf(faults), destination.generation(), former, now)});
  if (IsSameStatus(former, next)) return std::nullopt;
  return next;
}

}  // namespace traffictap::reconcilers
