// SPDX-License-Identifier: Apache-2.0

// Lanes come with whole batches, which they encode before they take the lock, so that one lock for all
// that the recorder does costs them little; what they ask of it for each record (the triggers' paths)
// changes nothing and needs none. A dump goes on with whichever lane comes next.
#include "pipeline/tap_recording.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
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

// What no output wants would only take the place of what one wants.
RecordedPart WantedOf(const std::shared_ptr<const traffic::RecordBatch>& batch,
                      WantedIndexes* wanted) {
  std::vector<uint16_t> wanting(batch->size(), 0);
  for (size_t i = 0; i < wanted->size(); ++i) {
    for (const uint32_t index : std::exchange((*wanted)[i], {})) {
      wanting[index] = static_cast<uint16_t>(wanting[index] | (1U << i));
    }
  }
  RecordedPart out;
  traffic::RecordSelection records{batch, {}};
  for (uint32_t i = 0; i < wanting.size(); ++i) {
    if (wanting[i] == 0) continue;
    records.indexes.push_back(i);
    out.outputs.push_back(wanting[i]);
  }
  if (out.size() > 0) out.records = traffic::EncodeRecords(records, 0, out.size());
  return out;
}

}  // namespace

TapRecording::TapRecording(tap::TapSpecPtr spec, std::shared_ptr<Recorder> recorder,
                           const std::vector<TapOutput>* outputs, const base::Clock* clock)
    : spec_(std::move(spec)),
      outputs_(*outputs),
      clock_(clock),
      full_since_(outputs->size()),
      recorder_(std::move(recorder)) {}

std::shared_ptr<Recorder> TapRecording::recorder() const {
  absl::MutexLock lock(&mutex_);
  return recorder_;
}

Recorder::Counts TapRecording::Deliver(Recorder::Watch* watch,
                                       const std::shared_ptr<const traffic::RecordBatch>& batch,
                                       WantedIndexes* wanted) {
  // Before the lock, as it takes far longer than all that follows.
  RecordedPart part;
  if (batch) part = WantedOf(batch, wanted);
  absl::MutexLock lock(&turn_);
  recorder_->Tell(watch);
  if (part.size() > 0) recorder_->Record(std::move(part));
  recorder_->Turn(Outlet());
  return recorder_->TakeCounts();
}

Recorder::Counts TapRecording::Finish() {
  absl::MutexLock lock(&turn_);
  if (!recorder_) return {};
  recorder_->Finish(Outlet());
  return recorder_->TakeCounts();
}

// What it holds says by number which outputs want it.
bool TapRecording::TakeOver(TapRecording* former) {
  if (spec_->recorder != former->spec_->recorder || !SameOutputs(*spec_, *former->spec_)) {
    return false;
  }
  std::shared_ptr<Recorder> going_on;
  {
    absl::MutexLock lock(&former->mutex_);
    going_on.swap(former->recorder_);
  }
  absl::MutexLock lock(&mutex_);
  recorder_ = std::move(going_on);
  return true;
}

void TapRecording::Remember(const TapRecording& former) {
  recorder_->Remember(former.recorder()->state());
}

void TapRecording::Give(const RecordedPart& part) const {
  std::shared_ptr<traffic::RecordBatch> read;
  const Status status = traffic::DecodeRecords(part.records, &read);
  if (!status.ok()) {
    log::For("pipeline").error("dump unreadable tap={} err=\"{}\"", spec_->key(), Message(status));
    return;
  }
  WantedIndexes wanted(outputs_.size());
  for (size_t i = 0; i < outputs_.size(); ++i) {
    for (uint32_t index = 0; index < part.size(); ++index) {
      if (((part.outputs[index] >> i) & 1U) != 0) wanted[i].push_back(index);
    }
  }
  HandOut(std::move(read), &wanted, outputs_);
}

bool TapRecording::HasRoom() {
  const base::Nanos now = clock_->Monotonic();
  bool room = true;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const TapOutput& output = outputs_[i];
    base::Nanos& full_since = full_since_[i];
    const uint64_t most = std::max<uint64_t>(1, output.spec.queue_bytes_max / 2 / kRecordBytes);
    if (Waiting(output.sink->counters(), output.spec.durable()) < most) {
      full_since = 0;
    } else if (full_since == 0) {
      full_since = now;
      room = false;
    } else {
      room = room && now - full_since >= kPatience;
    }
  }
  return room;
}

// Called within the recorder's turn, so under turn_.
Recorder::Outlet TapRecording::Outlet() {
  return {[this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return HasRoom(); },
          [this](const RecordedPart& part) { Give(part); }};
}

}  // namespace traffictap::pipeline
