// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder_trigger.h"

#include <algorithm>
#include <utility>

namespace traffictap::pipeline {
namespace {

using tap::TriggerType;
using traffic::Verdict;

// 1 - 0.9 is a little less than 0.1.
constexpr double kRounding = 1e-9;

base::Nanos LongestDuration(const traffic::TrafficPair& pair) {
  base::Nanos longest = pair.client != nullptr ? pair.client->facts.duration : 0;
  for (const auto* server : pair.servers) longest = std::max(longest, server->facts.duration);
  return longest;
}

}  // namespace

StatusOr<RecorderTrigger> RecorderTrigger::Create(const tap::RecorderTrigger& spec) {
  RecorderTrigger out(spec);
  if (spec.paths.empty()) return out;
  tap::MatchSpec match;
  match.paths = spec.paths;
  auto paths = filter::PairFilter::Create(match);
  if (!paths.ok()) return paths.status();
  out.paths_ = *std::move(paths);
  return out;
}

bool RecorderTrigger::Wants(const traffic::TrafficPair& pair, tap::PatternBudget* budget) const {
  if (spec_.type == TriggerType::kWebhook) return false;
  return paths_ == nullptr || paths_->Matches(pair, budget);
}

bool RecorderTrigger::Hits(const traffic::TrafficPair& pair) const {
  if (spec_.type == TriggerType::kLatency) return LongestDuration(pair) > spec_.above;
  return pair.verdict != Verdict::kOk && pair.verdict != Verdict::kRetried;
}

int64_t RecorderTrigger::NumberOf(base::Nanos now) const {
  return now / (spec_.over / static_cast<base::Nanos>(kSlots));
}

void RecorderTrigger::Count(const traffic::TrafficPair& pair, Tally* tally) const {
  if (pair.open()) return;
  ++tally->records;
  tally->requests += pair.weight;
  if (Hits(pair)) tally->hits += pair.weight;
}

void RecorderTrigger::Add(const Tally& tally, base::Nanos now) {
  if (tally.records == 0) return;
  const int64_t number = NumberOf(now);
  Slot& slot = slots_[static_cast<size_t>(number) % kSlots];
  if (slot.number != number) slot = {number};
  slot.sum.records += tally.records;
  slot.sum.requests += tally.requests;
  slot.sum.hits += tally.hits;
}

bool RecorderTrigger::Holds(base::Nanos now) const {
  const int64_t oldest = NumberOf(now) - static_cast<int64_t>(kSlots);
  Tally sum;
  for (const Slot& slot : slots_) {
    if (slot.number <= oldest) continue;
    sum.records += slot.sum.records;
    sum.requests += slot.sum.requests;
    sum.hits += slot.sum.hits;
  }
  if (sum.records < spec_.min_requests) return false;
  if (spec_.type == TriggerType::kLatency) {
    return sum.hits > (1 - spec_.quantile + kRounding) * sum.requests;
  }
  return sum.hits > 0 && sum.hits >= (spec_.ratio - kRounding) * sum.requests;
}

bool RecorderTrigger::Fires(base::Nanos now) {
  if (spec_.type == TriggerType::kWebhook) return false;
  const bool holds = Holds(now);
  return !std::exchange(held_, holds) && holds;
}

}  // namespace traffictap::pipeline
