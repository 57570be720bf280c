// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pipeline/recorder.h"
#include "pipeline/tap_outputs.h"
#include "tap/tap_spec.h"

namespace traffictap::pipeline {

// What a tap with a recorder does in place of handing its records out: the recorder, and its way to the
// tap's outputs. All lanes share it. Deliver and Finish take its one lock, once a batch, and under it
// the locks of the outputs and of their memory; lanes read what never changes while they are at work
// (`running`, the triggers' paths) without it.
class TapRecording {
 public:
  // `outputs` outlive this, and have their sinks before the first Deliver.
  TapRecording(tap::TapSpecPtr spec, std::shared_ptr<Recorder> recorder,
               const std::vector<TapOutput>* outputs, const base::Clock* clock);

  // Null once an edit has taken the recorder over, which happens while no lane is at work.
  const Recorder* running() const { return recorder_.get(); }
  // Holds what some output wants of `batch` (or null: there is none), and leaves nothing wanted. Then
  // the recorder has its turn. What it counted since the last call. Only while it runs.
  Recorder::Counts Deliver(Recorder::Watch* watch,
                           const std::shared_ptr<const traffic::RecordBatch>& batch,
                           WantedIndexes* wanted);
  // Gives what a dump still holds; after that nothing is held.
  Recorder::Counts Finish();
  // Goes on with the recorder of `former`, unless the edit changed what it holds or who wants that:
  // false. While no lane of either is at work, as the next one.
  bool TakeOver(TapRecording* former);
  // Goes on telling of the dumps of `former`, which has finished.
  void Remember(const TapRecording& former);

  // For any thread; null as `running`.
  std::shared_ptr<Recorder> recorder() const;

 private:
  void Give(const RecordedPart& part) const;
  bool HasRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  Recorder::Outlet Outlet();

  const tap::TapSpecPtr spec_;
  const std::vector<TapOutput>& outputs_;
  const base::Clock* const clock_;
  // All that the recorder does but what any thread may ask for.
  absl::Mutex turn_;
  // By output, monotonic: since when a dump waits for it; 0: it does not.
  std::vector<base::Nanos> full_since_ ABSL_GUARDED_BY(turn_);
  mutable absl::Mutex mutex_;
  std::shared_ptr<Recorder> recorder_;  // changed under mutex_, while no lane is at work
};

}  // namespace traffictap::pipeline
