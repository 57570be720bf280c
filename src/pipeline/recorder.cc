// SPDX-License-Identifier: Apache-2.0
#include "pipeline/recorder.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::pipeline {
namespace {

constexpr size_t kRequestsMax = 64;
// The pairing thread has all other taps to serve.
constexpr size_t kTurnBytesMax = size_t{4} << 20;

Status CheckTime(const char* name, const std::optional<base::Nanos>& time) {
  if (!time || (*time >= tap::kRecorderTimeMin && *time <= tap::kRecorderTimeMax)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format("{}: must be a duration from {} to {}", name,
                                                tap::FormatDuration(tap::kRecorderTimeMin),
                                                tap::FormatDuration(tap::kRecorderTimeMax)));
}

}  // namespace

Recorder::Recorder(const tap::RecorderSpec& spec, std::unique_ptr<sinks::MemoryAccount> memory,
                   const base::Clock* clock)
    : spec_(spec), clock_(clock), ring_(spec.bytes_max, std::move(memory)), since_(clock->Wall()) {
  Publish();
}

StatusOr<std::unique_ptr<Recorder>> Recorder::Create(const tap::RecorderSpec& spec,
                                                     std::unique_ptr<sinks::MemoryAccount> memory,
                                                     const base::Clock* clock) {
  std::unique_ptr<Recorder> out(new Recorder(spec, std::move(memory), clock));
  for (const auto& one : spec.triggers) {
    auto trigger = RecorderTrigger::Create(one);
    if (!trigger.ok()) return trigger.status();
    out->triggers_.push_back(*std::move(trigger));
  }
  return out;
}

void Recorder::Match(const traffic::TrafficPair& pair, tap::PatternBudget* budget,
                     Watch* watch) const {
  watch->wants.resize(triggers_.size());
  for (size_t i = 0; i < triggers_.size(); ++i) {
    watch->wants[i] = triggers_[i].Wants(pair, budget);
  }
}

void Recorder::Count(const traffic::TrafficPair& pair, Watch* watch) const {
  watch->tallies.resize(triggers_.size());
  for (size_t i = 0; i < triggers_.size(); ++i) {
    if (watch->wants[i] != 0) triggers_[i].Count(pair, &watch->tallies[i]);
  }
}

void Recorder::Tell(Watch* watch) {
  const base::Nanos now = clock_->Monotonic();
  const auto tallies = std::exchange(watch->tallies, {});
  for (size_t i = 0; i < tallies.size(); ++i) triggers_[i].Add(tallies[i], now);
}

void Recorder::Record(RecordedPart part) {
  counts_.recorded += part.size();
  part.at = clock_->Monotonic();
  if (dumping_ && part.at >= ends_) ring_.CloseDump();
  ring_.Add(std::move(part));
}

// An event while a dump is under way is a part of that dump.
void Recorder::Begin(const std::string& trigger, base::Nanos before, base::Nanos after) {
  if (dumping_) {
    ++dumps_.back().joined;
    return;
  }
  const base::Nanos now = clock_->Monotonic();
  const base::Nanos wall = clock_->Wall();
  dumping_ = true;
  ++counts_.dumps;
  ends_ = now + after;
  gap_before_ = ring_.OverwrittenSince(now - before);
  ring_.OpenDump(now - before);
  if (dumps_.size() == kDumpsMax) dumps_.erase(dumps_.begin());
  RecorderDump dump;
  dump.time = wall;
  dump.trigger = trigger;
  dump.from = wall - before;
  dump.held = since_;
  dumps_.push_back(std::move(dump));
}

void Recorder::Give(const RecordedPart& part, const Outlet& outlet) {
  outlet.give(part);
  counts_.dumped += part.size();
  dumps_.back().records += part.size();
}

void Recorder::EndIfDone(base::Nanos now) {
  if (!dumping_) return;
  dumps_.back().gap = gap_before_ + ring_.dump_overwritten();
  if (now < ends_) return;
  ring_.CloseDump();
  if (!ring_.dump_empty()) return;
  dumping_ = false;
  dumps_.back().ended = true;
}

void Recorder::Turn(const Outlet& outlet) {
  const base::Nanos now = clock_->Monotonic();
  std::vector<DumpRequest> requests;
  {
    absl::MutexLock lock(&mutex_);
    requests.swap(requests_);
  }
  EndIfDone(now);
  for (auto& trigger : triggers_) {
    if (trigger.Fires(now)) Begin(trigger.spec().name, spec_.before, spec_.after);
  }
  for (const auto& request : requests) {
    Begin(request.trigger.empty() ? kOnDemand : request.trigger,
          request.before.value_or(spec_.before), request.after.value_or(spec_.after));
  }
  for (size_t given = 0; given < kTurnBytesMax && !ring_.dump_empty() && outlet.has_room();) {
    const RecordedPart part = *ring_.Take();
    given += part.bytes();
    Give(part, outlet);
  }
  EndIfDone(now);
  Publish();
}

void Recorder::Finish(const Outlet& outlet) {
  while (auto part = ring_.Take()) Give(*part, outlet);
  EndIfDone(ends_);
  ring_.Clear();
  Publish();
}

void Recorder::Remember(const RecorderState& former) {
  dumps_ = former.dumps;
  for (auto& dump : dumps_) dump.ended = true;
  Publish();
}

Recorder::Counts Recorder::TakeCounts() {
  counts_.overwritten +=
      ring_.overwritten() - std::exchange(overwritten_told_, ring_.overwritten());
  return std::exchange(counts_, {});
}

void Recorder::Publish() {
  absl::MutexLock lock(&mutex_);
  state_ = {since_, ring_.held(), ring_.bytes(), dumps_};
}

Status Recorder::Request(DumpRequest request) {
  TT_RETURN_IF_ERROR(CheckTime("before", request.before));
  TT_RETURN_IF_ERROR(CheckTime("after", request.after));
  const auto& triggers = spec_.triggers;
  const bool known =
      request.trigger.empty() ||
      std::any_of(triggers.begin(), triggers.end(), [&](const auto& trigger) {
        return trigger.name == request.trigger && trigger.type == tap::TriggerType::kWebhook;
      });
  if (!known) {
    return absl::NotFoundError(
        fmt::format("the tap's recorder has no trigger \"{}\" of type Webhook: add it to "
                    "spec.recorder.triggers",
                    request.trigger));
  }
  absl::MutexLock lock(&mutex_);
  if (requests_.size() >= kRequestsMax) {
    return absl::ResourceExhaustedError("too many requests for dumps: try again later");
  }
  requests_.push_back(std::move(request));
  return absl::OkStatus();
}

RecorderState Recorder::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

}  // namespace traffictap::pipeline
