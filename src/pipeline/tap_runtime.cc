// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_runtime.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/counters.h"
#include "fmt/format.h"

namespace traffictap::pipeline {

namespace {

std::shared_ptr<RequestMetrics> MakeMetrics(const tap::TapSpec& spec) {
  if (!spec.metrics) return nullptr;
  tap::MetricsSpec metrics = *spec.metrics;
  // A tap that does not record the ids of traces does not show them elsewhere.
  const bool traces = metrics.exemplars == tap::Exemplars::kTraceId;
  if (traces && !spec.capture.trace) metrics.exemplars = tap::Exemplars::kNone;
  return std::make_shared<RequestMetrics>(std::move(metrics));
}

}  // namespace

TapRuntime::TapRuntime(tap::TapSpecPtr spec)
    : known_peers_(spec->known_peers),
      had_peers_(std::any_of(spec->known_peers.begin(), spec->known_peers.end(),
                             [](const tap::KnownPeer& peer) { return peer.attached; })) {
  parts_.spec = std::move(spec);
}

StatusOr<std::unique_ptr<TapRuntime>> TapRuntime::Create(
    tap::TapSpecPtr spec, const sinks::SinkContext& context,
    const std::vector<PatternTime*>& pattern_times, traffic::RecordConsumer* live) {
  std::unique_ptr<TapRuntime> out(new TapRuntime(std::move(spec)));
  TapParts& parts = out->parts_;
  parts.live = live;
  parts.clock = context.clock;
  parts.origin = std::make_shared<traffic::RecordOrigin>(traffic::RecordOrigin{parts.spec->key()});
  parts.limits = std::make_unique<TapLimits>(&parts.spec->limits, context.clock);
  parts.metrics = MakeMetrics(*parts.spec);
  out->former_ = std::make_shared<FormerOutputs>(parts.spec->key());
  TT_RETURN_IF_ERROR(out->Compile(context, pattern_times));
  return out;
}

Status TapRuntime::Compile(const sinks::SinkContext& context,
                           const std::vector<PatternTime*>& pattern_times) {
  const tap::TapSpec& spec = *parts_.spec;
  auto match = filter::PairFilter::Create(spec.match);
  if (!match.ok()) return match.status();
  parts_.match = *std::move(match);
  auto peers = filter::PeerFilter::Create(spec);
  if (!peers.ok()) return peers.status();
  parts_.peers = *std::move(peers);
  for (const auto& output : spec.outputs) {
    auto output_match = filter::PairFilter::Create(output.match);
    if (!output_match.ok()) return output_match.status();
    parts_.outputs.push_back({output, *std::move(output_match), nullptr});
  }
  if (spec.recorder) {
    auto memory = context.memory ? context.memory->Open(spec.key()) : nullptr;
    auto recorder = Recorder::Create(*spec.recorder, std::move(memory), context.clock);
    if (!recorder.ok()) return recorder.status();
    parts_.recording = std::make_unique<TapRecording>(parts_.spec, *std::move(recorder),
                                                      &parts_.outputs, context.clock);
  }
  const auto redactor = redaction::Redactor::Create(spec);
  if (!redactor.ok()) return redactor.status();
  for (PatternTime* const pattern_time : pattern_times) {
    lanes_.push_back(std::make_unique<TapLane>(&parts_, (*redactor)->Share(), pattern_time));
  }
  return absl::OkStatus();
}

Status TapRuntime::OpenOutputs(const sinks::SinkOpener& open, const sinks::SinkContext& context,
                               TapRuntime* former) {
  for (auto& output : parts_.outputs) {
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

void TapRuntime::Deliver() {
  for (const auto& lane : lanes_) lane->Deliver();
}

// What it held goes to its outputs before they begin to close.
void TapRuntime::FinishRecording() {
  if (!parts_.recording) return;
  const Recorder::Counts counts = parts_.recording->Finish();
  absl::MutexLock lock(&parts_.mutex);
  parts_.counters.recorded += counts.recorded;
  parts_.counters.overwritten += counts.overwritten;
  parts_.counters.dumped += counts.dumped;
  parts_.counters.dumps += counts.dumps;
}

void TapRuntime::Inherit(TapRuntime* former) {
  former->Deliver();
  TapRecording* const recording = parts_.recording.get();
  TapRecording* const recorded = former->parts_.recording.get();
  if (recorded != nullptr && (recording == nullptr || !recording->TakeOver(recorded))) {
    former->FinishRecording();
    if (recording != nullptr) recording->Remember(*recorded);
  }
  for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i]->Inherit(former->lane(i));
  had_peers_ = had_peers_ || former->had_peers_;
  const auto& metrics = former->parts_.metrics;
  if (metrics && parts_.metrics && metrics->spec() == parts_.metrics->spec()) {
    parts_.metrics = metrics;
  }
  const TapCounters counters = former->counters();
  LimitedEdges limited_edges = former->limited_edges();
  std::array<double, traffic::kVerdictCount> requests{};
  {
    absl::MutexLock lock(&former->parts_.mutex);
    requests = former->parts_.requests;
  }
  parts_.limits->Inherit(*former->parts_.limits, counters.offered);
  absl::MutexLock lock(&parts_.mutex);
  former_ = former->former_;
  parts_.counters = counters;
  parts_.requests = requests;
  parts_.limited_edges = std::move(limited_edges);
}

std::shared_ptr<sinks::Sink> TapRuntime::GiveUp(const tap::OutputSpec& spec) {
  absl::MutexLock lock(&parts_.mutex);
  for (auto& output : parts_.outputs) {
    if (output.sink && output.spec == spec) return output.sink;
  }
  return nullptr;
}

bool TapRuntime::Shares(const sinks::Sink* sink) const {
  for (const auto& output : parts_.outputs) {
    if (output.sink.get() == sink) return true;
  }
  return false;
}

bool TapRuntime::HasDurable(const std::string& output) const {
  return std::any_of(parts_.outputs.begin(), parts_.outputs.end(), [&](const TapOutput& one) {
    return one.spec.name == output && one.spec.durable();
  });
}

void TapRuntime::DiscardKept(const TapRuntime* successor) {
  for (auto& output : parts_.outputs) {
    if (output.sink && (successor == nullptr || !successor->HasDurable(output.spec.name))) {
      output.sink->Discard();
    }
  }
}

void TapRuntime::Leave(base::Nanos wait, const TapRuntime* successor) {
  Deliver();
  FinishRecording();
  for (auto& output : parts_.outputs) {
    if (!output.sink || (successor != nullptr && successor->Shares(output.sink.get()))) continue;
    output.sink->BeginClose(wait);
    absl::MutexLock lock(&parts_.mutex);
    former_->Add(output.spec.name, std::exchange(output.sink, nullptr));
  }
}

Status TapRuntime::RequestDump(DumpRequest request) {
  const auto recorder = parts_.recording ? parts_.recording->recorder() : nullptr;
  if (recorder) return recorder->Request(std::move(request));
  return absl::FailedPreconditionError(
      fmt::format("tap \"{}\" has no recorder: add spec.recorder to it", spec().key()));
}

std::optional<RecorderState> TapRuntime::recorder_state() const {
  const auto recorder = parts_.recording ? parts_.recording->recorder() : nullptr;
  if (!recorder) return std::nullopt;
  return recorder->state();
}

std::vector<PeerSighting> TapRuntime::peers_met() const {
  std::set<PeerSighting> all;
  for (const auto& lane : lanes_) {
    const auto met = lane->peers_met();
    all.insert(met.begin(), met.end());
  }
  std::vector<PeerSighting> out(all.begin(), all.end());
  if (out.size() > PeerSightings::kAddressesMax) out.resize(PeerSightings::kAddressesMax);
  return out;
}

TapCounters TapRuntime::counters() const {
  absl::MutexLock lock(&parts_.mutex);
  return parts_.counters;
}

LimitedEdges TapRuntime::limited_edges() const {
  absl::MutexLock lock(&parts_.mutex);
  return parts_.limited_edges;
}

std::map<std::string, sinks::SinkCounters> TapRuntime::output_counters() const {
  absl::MutexLock lock(&parts_.mutex);
  auto out = former_->counters();
  for (const auto& output : parts_.outputs) {
    if (!output.sink) continue;
    const sinks::SinkCounters counters = output.sink->counters();
    sinks::SinkCounters& sum = out[output.spec.name];
    base::AddCounters(counters, &sum);
    sum.status = counters.status;
  }
  return out;
}

}  // namespace traffictap::pipeline
