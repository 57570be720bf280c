// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_lane.h"

#include <utility>

#include "base/counters.h"

namespace traffictap::pipeline {
namespace {

// Handed out early when a backlog is worked off: an output's queue takes or refuses a batch whole.
// Small, since every tap may have one that no budget counts yet.
constexpr size_t kBatchBytesMax = size_t{256} << 10;

}  // namespace

TapLane::TapLane(TapParts* tap, std::unique_ptr<redaction::Redactor> redactor,
                 PatternTime* pattern_time)
    : tap_(tap),
      redactor_(std::move(redactor)),
      patterns_(pattern_time, tap->spec->ns),
      wants_(tap->outputs.size()),
      wanted_(tap->outputs.size()),
      shared_(std::make_shared<SharedRecords>()) {}

bool TapLane::ShareWith(const TapLane& other) {
  if (!redactor_->Agrees(*other.redactor_)) return false;
  shared_->Seal();  // what this one gathers may hold
  shared_ = other.shared_;
  return true;
}

void TapLane::Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
                      const filter::OwnEnds& own, uint64_t number) {
  const Outcome outcome = Decide(pair, own);
  Count(outcome);
  if (outcome == Outcome::kOffered) {
    const traffic::TrafficPair weighted = Weighted(pair);
    Gather(weighted, nodes, number);
    CountOffered(weighted);
  }
  if (gathering_ && gathering_->bytes() >= kBatchBytesMax) DeliverGathered();
}

TapLane::Outcome TapLane::Decide(const traffic::TrafficPair& pair, const filter::OwnEnds& own) {
  const tap::TapSpec& spec = *tap_->spec;
  if (!filter::MatchesDirection(spec.direction, pair, own) || !tap_->peers->Matches(pair, own)) {
    return Outcome::kFiltered;
  }
  const bool matches = tap_->match->Matches(pair, &patterns_);
  if (matches) MatchOutputs(pair);
  // Neither shown nor said not to match, as nobody knows.
  if (patterns_.EndRecord()) return Outcome::kMatchOverBudget;
  if (!matches) return Outcome::kFiltered;
  const auto& sampling = spec.sampling;
  if ((sampling.always_keep_errors || sampling.always_keep_slow) &&
      !filter::Samples(sampling, pair)) {
    return Outcome::kSampled;
  }
  if (pair.orphan_reason != traffic::OrphanReason::kNone &&
      spec.pairing.orphans == tap::OrphanPolicy::kDrop) {
    return Outcome::kOrphanDropped;
  }
  return WithinLimits(pair) ? Outcome::kOffered : Outcome::kLimited;
}

bool TapLane::WithinLimits(const traffic::TrafficPair& pair) {
  const TapLimits::Answer answer = tap_->limits->Take();
  if (answer == TapLimits::Answer::kTooManyAtOnce) {
    absl::MutexLock lock(&tap_->mutex);
    tap_->limited_edges.Add(pair);
  }
  return answer == TapLimits::Answer::kMay;
}

// Outputs match on what was seen, not on what redaction leaves of it.
void TapLane::MatchOutputs(const traffic::TrafficPair& pair) {
  if (const Recorder* one = recorder()) one->Match(pair, &patterns_, &watch_);
  for (size_t i = 0; i < wants_.size(); ++i) {
    wants_[i] = tap_->outputs[i].match->Matches(pair, &patterns_);
  }
}

void TapLane::Gather(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
                     uint64_t number) {
  if (!gathering_) gathering_ = std::make_shared<traffic::RecordBatch>(tap_->origin);
  const auto index = static_cast<uint32_t>(gathering_->size());
  const auto redact = [&](const traffic::AccessEntry& entry) {
    return redactor_->Redact(entry, patterns_);
  };
  if (number == kForOneTap) {
    gathering_->Add(pair, nodes, redact);
  } else if (!shared_->Give(number, pair, gathering_.get())) {
    shared_->Add(number, pair, nodes, redact, gathering_.get());
  }
  if (patterns_.EndRecord()) {
    ++delta_.redaction_over_budget;
    // The other taps have time of their own.
    shared_->Forget();
  }
  for (size_t i = 0; i < wants_.size(); ++i) {
    if (wants_[i] != 0) wanted_[i].push_back(index);
  }
}

traffic::TrafficPair TapLane::Weighted(traffic::TrafficPair pair) const {
  pair.weight = filter::WeightOf(tap_->spec->sampling, pair);
  return pair;
}

void TapLane::Count(Outcome outcome) {
  ++delta_.records;
  switch (outcome) {
    case Outcome::kFiltered: ++delta_.filtered; return;
    case Outcome::kSampled: ++delta_.sampled; return;
    case Outcome::kOrphanDropped: ++delta_.dropped_orphans; return;
    case Outcome::kLimited: ++delta_.limited; return;
    case Outcome::kMatchOverBudget: ++delta_.match_over_budget; return;
    case Outcome::kOffered: ++delta_.offered; return;
  }
}

void TapLane::CountOffered(const traffic::TrafficPair& pair) {
  if (const Recorder* one = recorder()) one->Count(pair, &watch_);
  if (pair.open()) {
    ++delta_.open;
    return;
  }
  ++delta_.verdicts[static_cast<size_t>(pair.verdict)];
  requests_[static_cast<size_t>(pair.verdict)] += pair.weight;
  ++delta_.orphans[static_cast<size_t>(pair.orphan_reason)];
  if (tap_->metrics) meter_.Count(*tap_->metrics, pair);
}

void TapLane::HandOver(const std::shared_ptr<const traffic::RecordBatch>& batch) {
  if (recorder() != nullptr) {
    const Recorder::Counts counts = tap_->recording->Deliver(&watch_, batch, &wanted_);
    delta_.recorded += counts.recorded;
    delta_.overwritten += counts.overwritten;
    delta_.dumped += counts.dumped;
    delta_.dumps += counts.dumps;
  } else if (batch) {
    HandOut(batch, &wanted_, tap_->outputs);
  }
  if (batch && tap_->live != nullptr) tap_->live->Consume(batch);
}

void TapLane::Deliver() {
  shared_->Forget();
  DeliverGathered();
}

// Comes a few times a second, for most taps with nothing.
void TapLane::DeliverGathered() {
  tap_->limits->CheckTime();
  met_.Share(tap_->clock->Monotonic());
  // A recorder has its turn all the same, and counts without records.
  if (delta_.records == 0 && recorder() == nullptr) return;
  shared_->Seal();
  std::shared_ptr<const traffic::RecordBatch> batch = std::exchange(gathering_, nullptr);
  // Of a store that other taps fill this one may have next to nothing.
  if (batch) batch = traffic::Detached({std::move(batch), {}}).batch;
  HandOver(batch);
  AddCounts();
}

void TapLane::AddCounts() {
  TapCounters delta = std::exchange(delta_, {});
  const auto requests = std::exchange(requests_, {});
  if (tap_->metrics) meter_.Deliver(*tap_->metrics, tap_->clock->Wall());
  absl::MutexLock lock(&tap_->mutex);
  for (size_t verdict = 0; verdict < requests.size(); ++verdict) {
    double& sum = tap_->requests[verdict];
    const auto before = static_cast<uint64_t>(sum);
    sum += requests[verdict];
    delta.requests[verdict] = static_cast<uint64_t>(sum) - before;
  }
  base::AddCounters(delta, &tap_->counters);
}

}  // namespace traffictap::pipeline
