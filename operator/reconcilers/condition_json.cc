// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/condition_json.h"

#include "base/rfc3339.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;
using plan::Condition;

constexpr size_t kMessageBytesMax = 2048;

const char* ToString(Condition::Value value) {
  switch (value) {
    case Condition::Value::kTrue: return "True";
    case Condition::Value::kFalse: return "False";
    case Condition::Value::kUnknown: return "Unknown";
  }
  return "Unknown";
}

const Json* FormerCondition(const Json& former, const std::string& type) {
  if (!former.is_object() || !former.contains("conditions")) return nullptr;
  for (const Json& condition : former["conditions"]) {
    if (condition.is_object() && condition.value("type", "") == type) return &condition;
  }
  return nullptr;
}

}  // namespace

std::string CutMessage(std::string text) {
  if (text.size() <= kMessageBytesMax) return text;
  size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Json ConditionJson(const Condition& condition, int64_t generation, const Json& former,
                   base::Nanos now) {
  std::string since = base::FormatRfc3339(now);
  const Json* before = FormerCondition(former, condition.type);
  if (before != nullptr && before->value("status", "") == ToString(condition.status)) {
    since = before->value("lastTransitionTime", since);
  }
  return {{"type", condition.type},           {"status", ToString(condition.status)},
          {"reason", condition.reason},       {"message", CutMessage(condition.message)},
          {"observedGeneration", generation}, {"lastTransitionTime", since}};
}

}  // namespace traffictap::reconcilers
