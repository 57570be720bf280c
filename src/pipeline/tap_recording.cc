// SPDX-License-Identifier: Apache-2.0

// What a tap with a recorder does in place of handing its records out: the part of TapRuntime
// between the recorder and the outputs.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"
#include "pipeline/tap_runtime.h"
#include "traffic/record_codec.h"

namespace traffictap::pipeline {
namespace {

// What a record may take in an output's queue, of which a dump fills at most half.
constexpr uint64_t kRecordBytes = 4096;
// How long an output may keep a dump from the others.
constexpr base::Nanos kPatience = 10 * base::kSecond;

// In the output's memory: what is on disk keeps no dump waiting.
uint64_t Waiting(const sinks::SinkCounters& counters, bool durable) {
  if (!durable) return counters.queued;
  uint64_t gone = counters.spooled;
  for (const uint64_t dropped : counters.dropped) gone += dropped;
  return counters.offered > gone ? counters.offered - gone : 0;
}

bool SameOutputs(const tap::TapSpec& a, const tap::TapSpec& b) {
  return std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(),
                    [](const tap::OutputSpec& one, const tap::OutputSpec& other) {
                      return one.name == other.name && one.match == other.match;
                    });
}

}  // namespace

// What it holds says by number which outputs want it.
void TapRuntime::InheritRecorder(TapRuntime* former) {
  if (!former->recorder_) return;
  const bool same = spec_->recorder && spec_->recorder == former->spec_->recorder &&
                    SameOutputs(*spec_, *former->spec_);
  if (!same) {
    former->recorder_->Finish(former->Outlet());
    if (recorder_) recorder_->Remember(former->recorder_->state());
    return;
  }
  std::shared_ptr<Recorder> going_on;
  {
    absl::MutexLock lock(&former->mutex_);
    going_on.swap(former->recorder_);
  }
  absl::MutexLock lock(&mutex_);
  recorder_ = std::move(going_on);
}

// What no output wants would only take the place of what one wants.
void TapRuntime::Hold(const std::shared_ptr<const traffic::RecordBatch>& batch) {
  std::vector<uint16_t> wanted(batch->size(), 0);
  for (size_t i = 0; i < outputs_.size(); ++i) {
    for (const uint32_t index : std::exchange(outputs_[i].indexes, {})) {
      wanted[index] = static_cast<uint16_t>(wanted[index] | (1U << i));
    }
  }
  traffic::RecordSelection records{batch, {}};
  std::vector<uint16_t> outputs;
  for (uint32_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0) continue;
    records.indexes.push_back(i);
    outputs.push_back(wanted[i]);
  }
  if (!outputs.empty()) recorder_->Record(records, std::move(outputs));
}

void TapRuntime::GiveDumped(const RecordedPart& part) {
  std::shared_ptr<traffic::RecordBatch> read;
  const Status status = traffic::DecodeRecords(part.records, &read);
  if (!status.ok()) {
    log::For("pipeline").error("dump unreadable tap={} err=\"{}\"", spec_->key(), Message(status));
    return;
  }
  const std::shared_ptr<const traffic::RecordBatch> batch = std::move(read);
  for (size_t i = 0; i < outputs_.size(); ++i) {
    for (uint32_t index = 0; index < part.size(); ++index) {
      if (((part.outputs[index] >> i) & 1U) != 0) outputs_[i].indexes.push_back(index);
    }
  }
  HandOut(batch);
}

bool TapRuntime::HasRoom() {
  const base::Nanos now = clock_->Monotonic();
  bool room = true;
  for (auto& output : outputs_) {
    const uint64_t most = std::max<uint64_t>(1, output.spec.queue_bytes_max / 2 / kRecordBytes);
    if (Waiting(output.sink->counters(), output.spec.durable()) < most) {
      output.full_since = 0;
    } else if (output.full_since == 0) {
      output.full_since = now;
      room = false;
    } else {
      room = room && now - output.full_since >= kPatience;
    }
  }
  return room;
}

Recorder::Outlet TapRuntime::Outlet() {
  return {[this] { return HasRoom(); }, [this](const RecordedPart& part) { GiveDumped(part); }};
}

std::shared_ptr<Recorder> TapRuntime::recorder() const {
  absl::MutexLock lock(&mutex_);
  return recorder_;
}

Status TapRuntime::RequestDump(DumpRequest request) {
  const auto recorder = this->recorder();
  if (recorder) return recorder->Request(std::move(request));
  return absl::FailedPreconditionError(
      fmt::format("tap \"{}\" has no recorder: add spec.recorder to it", spec_->key()));
}

std::optional<RecorderState> TapRuntime::recorder_state() const {
  const auto recorder = this->recorder();
  if (!recorder) return std::nullopt;
  return recorder->state();
}

}  // namespace traffictap::pipeline
