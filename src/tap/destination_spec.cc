// SPDX-License-Identifier: Apache-2.0
#include "tap/destination_spec.h"

namespace traffictap::tap {
namespace {

using Operator = LabelRequirement::Operator;

bool Holds(const LabelRequirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool there = found != labels.end();
  bool listed = false;
  for (const std::string& value : requirement.values) {
    listed = listed || (there && found->second == value);
  }
  switch (requirement.op) {
    case Operator::kIn: return listed;
    case Operator::kNotIn: return !listed;
    case Operator::kExists: return there;
    case Operator::kDoesNotExist: return !there;
  }
  return false;
}

}  // namespace

bool LabelSelector::Matches(const Labels& labels) const {
  for (const auto& [key, value] : match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  for (const LabelRequirement& requirement : match_expressions) {
    if (!Holds(requirement, labels)) return false;
  }
  return true;
}

}  // namespace traffictap::tap
