// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_runtime.h"

#include <algorithm>
#include <utility>

#include "base/counters.h"
#include "fmt/format.h"

namespace traffictap::pipeline {
namespace {

// Handed out early when a backlog is worked off: an output's queue takes or refuses a batch whole.
// Small, since every tap may have one that no budget counts yet.
constexpr size_t kBatchBytesMax = size_t{256} << 10;
// Deliver comes with every turn of the pipeline.

}  // namespace

TapRuntime::TapRuntime(tap::TapSpecPtr spec)
    : spec_(std::move(spec)),
      known_peers_(spec_->known_peers),
      had_peers_(std::any_of(spec_->known_peers.begin(), spec_->known_peers.end(),
                             [](const tap::KnownPeer& peer) { return peer.attached; })) {}

StatusOr<std::unique_ptr<TapRuntime>> TapRuntime::Create(tap::TapSpecPtr spec,
                                                         const std::string& collector,
                                                         const sinks::SinkContext& context,
                                                         PatternTime* pattern_time,
                                                         traffic::RecordConsumer* live) {
  std::unique_ptr<TapRuntime> out(new TapRuntime(std::move(spec)));
  out->patterns_ = std::make_unique<PatternTime::Account>(pattern_time, out->spec_->ns);
  out->live_ = live;
  out->clock_ = context.clock;
  out->former_ = std::make_shared<FormerOutputs>(out->spec_->key());
  out->origin_ =
      std::make_shared<traffic::RecordOrigin>(traffic::RecordOrigin{out->spec_->key(), collector});
  auto match = filter::PairFilter::Create(out->spec_->match);
  if (!match.ok()) return match.status();
  out->match_ = *std::move(match);
  auto peers = filter::PeerFilter::Create(*out->spec_);
  if (!peers.ok()) return peers.status();
  out->peers_ = *std::move(peers);
  auto redactor = redaction::Redactor::Create(*out->spec_);
  if (!redactor.ok()) return redactor.status();
  out->redactor_ = *std::move(redactor);
  if (out->spec_->recorder) {
    auto memory = context.memory ? context.memory->Open(out->spec_->key()) : nullptr;
    auto recorder = Recorder::Create(*out->spec_->recorder, std::move(memory), context.clock);
    if (!recorder.ok()) return recorder.status();
    out->recorder_ = *std::move(recorder);
  }
  for (const auto& output : out->spec_->outputs) {
    auto output_match = filter::PairFilter::Create(output.match);
    if (!output_match.ok()) return output_match.status();
    out->outputs_.push_back({output, *std::move(output_match), nullptr, false, {}});
  }
  return out;
}

Status TapRuntime::OpenOutputs(const sinks::SinkOpener& open, const sinks::SinkContext& context,
                               TapRuntime* former) {
  for (auto& output : outputs_) {
    if (former != nullptr) output.sink = former->GiveUp(output.spec);
    if (output.sink) continue;
    auto sink = open(output.spec, context);
    if (!sink.ok()) {
      return Status(sink.status().code(),
                    fmt::format("output \"{}\": {}", output.spec.name, Message(sink.status())));
    }
    output.sink = *std::move(sink);
  }
  return absl::OkStatus();
}

void TapRuntime::Inherit(TapRuntime* former) {
  former->Deliver();
  InheritRecorder(former);
  former->AddCounts();
  running_since_ = former->running_since_;
  rate_second_ = former->rate_second_;
  rate_records_ = former->rate_records_;
  offered_ = former->offered_;
  requests_ = former->requests_;
  met_.Inherit(former->met_);
  had_peers_ = had_peers_ || former->had_peers_;
  const TapCounters counters = former->counters();
  LimitedEdges limited_edges = former->limited_edges();
  absl::MutexLock lock(&mutex_);
  former_ = former->former_;
  counters_ = counters;
  limited_edges_ = std::move(limited_edges);
}

std::shared_ptr<sinks::Sink> TapRuntime::GiveUp(const tap::OutputSpec& spec) {
  absl::MutexLock lock(&mutex_);
  for (auto& output : outputs_) {
    if (output.sink && output.spec == spec) return output.sink;
  }
  return nullptr;
}

bool TapRuntime::Shares(const sinks::Sink* sink) const {
  for (const auto& output : outputs_) {
    if (output.sink.get() == sink) return true;
  }
  return false;
}

bool TapRuntime::HasDurable(const std::string& output) const {
  return std::any_of(outputs_.begin(), outputs_.end(), [&](const Output& one) {
    return one.spec.name == output && one.spec.durable();
  });
}

void TapRuntime::DiscardKept(const TapRuntime* successor) {
  for (auto& output : outputs_) {
    if (output.sink && (successor == nullptr || !successor->HasDurable(output.spec.name))) {
      output.sink->Discard();
    }
  }
}

void TapRuntime::CheckTime() {
  const auto& limits = spec_->limits;
  const base::Nanos wall = clock_->Wall();
  const base::Nanos now = clock_->Monotonic();
  if (!running_since_ && (!limits.start_time || wall >= *limits.start_time)) running_since_ = now;
  const bool over =
      (limits.end_time && wall >= *limits.end_time) ||
      (limits.duration && running_since_ && now - *running_since_ >= *limits.duration) ||
      (limits.max_records && offered_ >= *limits.max_records);
  if (over) completed_ = true;
}

bool TapRuntime::WithinLimits(const traffic::TrafficPair& pair) {
  CheckTime();
  if (completed_ || !running_since_) return false;
  const auto& limits = spec_->limits;
  if (limits.start_time && clock_->Wall() < *limits.start_time) return false;
  if (!limits.max_records_per_second) return true;
  const int64_t second = clock_->Monotonic() / base::kSecond;
  if (std::exchange(rate_second_, second) != second) rate_records_ = 0;
  if (rate_records_++ < *limits.max_records_per_second) return true;
  absl::MutexLock lock(&mutex_);
  limited_edges_.Add(pair);
  return false;
}

TapRuntime::Outcome TapRuntime::Decide(const traffic::TrafficPair& pair,
                                       const filter::OwnEnds& own) {
  if (!filter::MatchesDirection(spec_->direction, pair, own) || !peers_->Matches(pair, own)) {
    return Outcome::kFiltered;
  }
  const bool matches = match_->Matches(pair, patterns_.get());
  if (matches) MatchOutputs(pair);
  // Neither shown nor said not to match, as nobody knows.
  if (patterns_->EndRecord()) return Outcome::kMatchOverBudget;
  if (!matches) return Outcome::kFiltered;
  const auto& sampling = spec_->sampling;
  if ((sampling.always_keep_errors || sampling.always_keep_slow) &&
      !filter::Samples(sampling, pair)) {
    return Outcome::kSampled;
  }
  if (pair.orphan_reason != traffic::OrphanReason::kNone &&
      spec_->pairing.orphans == tap::OrphanPolicy::kDrop) {
    return Outcome::kOrphanDropped;
  }
  return WithinLimits(pair) ? Outcome::kOffered : Outcome::kLimited;
}

void TapRuntime::Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
                         const filter::OwnEnds& own) {
  const Outcome outcome = Decide(pair, own);
  if (outcome == Outcome::kOffered) Gather(pair, nodes);
  Count(outcome, pair);
  if (gathering_ && gathering_->bytes() >= kBatchBytesMax) Deliver();
}

// Outputs match on what was seen, not on what redaction leaves of it.
void TapRuntime::MatchOutputs(const traffic::TrafficPair& pair) {
  if (recorder_) recorder_->Match(pair, patterns_.get());
  for (auto& output : outputs_) output.wants = output.match->Matches(pair, patterns_.get());
}

void TapRuntime::Gather(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes) {
  if (!gathering_) gathering_ = std::make_shared<traffic::RecordBatch>(origin_);
  const auto index = static_cast<uint32_t>(gathering_->size());
  gathering_->Add(Weighted(pair), nodes, [&](const traffic::AccessEntry& entry) {
    return redactor_->Redact(entry, *patterns_);
  });
  if (patterns_->EndRecord()) ++delta_.redaction_over_budget;
  for (auto& output : outputs_) {
    if (output.wants) output.indexes.push_back(index);
  }
}

traffic::TrafficPair TapRuntime::Weighted(traffic::TrafficPair pair) const {
  pair.weight = filter::WeightOf(spec_->sampling, pair);
  return pair;
}

void TapRuntime::Count(Outcome outcome, const traffic::TrafficPair& pair) {
  ++delta_.records;
  switch (outcome) {
    case Outcome::kFiltered: ++delta_.filtered; return;
    case Outcome::kSampled: ++delta_.sampled; return;
    case Outcome::kOrphanDropped: ++delta_.dropped_orphans; return;
    case Outcome::kLimited: ++delta_.limited; return;
    case Outcome::kMatchOverBudget: ++delta_.match_over_budget; return;
    case Outcome::kOffered: break;
  }
  ++offered_;
  ++delta_.offered;
  if (recorder_) recorder_->Count(Weighted(pair));
  if (pair.open()) {
    ++delta_.open;
    return;
  }
  ++delta_.verdicts[static_cast<size_t>(pair.verdict)];
  double& requests = requests_[static_cast<size_t>(pair.verdict)];
  const auto before = static_cast<uint64_t>(requests);
  requests += Weighted(pair).weight;
  delta_.requests[static_cast<size_t>(pair.verdict)] += static_cast<uint64_t>(requests) - before;
  ++delta_.orphans[static_cast<size_t>(pair.orphan_reason)];
}

void TapRuntime::HandOut(const std::shared_ptr<const traffic::RecordBatch>& batch) {
  for (auto& output : outputs_) {
    auto indexes = std::exchange(output.indexes, {});
    if (indexes.empty()) continue;
    if (indexes.size() == batch->size()) indexes.clear();
    output.sink->Offer({batch, std::move(indexes)});
  }
}

void TapRuntime::Deliver() {
  CheckTime();
  met_.Share(clock_->Monotonic());
  if (gathering_) {
    const std::shared_ptr<const traffic::RecordBatch> batch = std::move(gathering_);
    gathering_ = nullptr;
    if (recorder_) {
      Hold(batch);
    } else {
      HandOut(batch);
    }
    if (live_ != nullptr) live_->Consume(batch);
  }
  if (recorder_) recorder_->Turn(Outlet());
  AddCounts();
}

void TapRuntime::AddCounts() {
  if (recorder_) {
    const Recorder::Counts counts = recorder_->TakeCounts();
    delta_.recorded += counts.recorded;
    delta_.overwritten += counts.overwritten;
    delta_.dumped += counts.dumped;
    delta_.dumps += counts.dumps;
  }
  const TapCounters delta = std::exchange(delta_, {});
  absl::MutexLock lock(&mutex_);
  base::AddCounters(delta, &counters_);
}

void TapRuntime::Leave(base::Nanos wait, const TapRuntime* successor) {
  Deliver();
  if (recorder_) recorder_->Finish(Outlet());
  AddCounts();
  for (auto& output : outputs_) {
    if (!output.sink || (successor != nullptr && successor->Shares(output.sink.get()))) continue;
    output.sink->BeginClose(wait);
    absl::MutexLock lock(&mutex_);
    former_->Add(output.spec.name, std::exchange(output.sink, nullptr));
  }
}

TapCounters TapRuntime::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

LimitedEdges TapRuntime::limited_edges() const {
  absl::MutexLock lock(&mutex_);
  return limited_edges_;
}

std::map<std::string, sinks::SinkCounters> TapRuntime::output_counters() const {
  absl::MutexLock lock(&mutex_);
  auto out = former_->counters();
  for (const auto& output : outputs_) {
    if (!output.sink) continue;
    const sinks::SinkCounters counters = output.sink->counters();
    sinks::SinkCounters& sum = out[output.spec.name];
    base::AddCounters(counters, &sum);
    sum.status = counters.status;
  }
  return out;
}

}  // namespace traffictap::pipeline
