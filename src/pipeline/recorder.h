// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "pipeline/recorder_ring.h"
#include "pipeline/recorder_trigger.h"
#include "tap/recorder_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::pipeline {

// A wish for a dump, from outside.
struct DumpRequest {
  // Of the spec, and a Webhook there. Empty: somebody asks for it, which needs no trigger.
  std::string trigger = {};
  std::optional<base::Nanos> before = {};  // instead of the spec's
  std::optional<base::Nanos> after = {};
};

// One dump as people are told of it. Times are wall clock.
struct RecorderDump {
  base::Nanos time = 0;  // of the event
  std::string trigger;   // its name, or kOnDemand
  base::Nanos from = 0;  // since when records are wanted
  base::Nanos held = 0;  // since when the recorder holds any: what came before was never held
  uint64_t joined = 0;   // further events that became part of it
  uint64_t records = 0;  // given to the outputs
  uint64_t gap = 0;      // wanted, and overwritten before they could be given
  bool ended = false;
};
inline constexpr char kOnDemand[] = "OnDemand";

struct RecorderState {
  base::Nanos since = 0;  // wall clock: since when it holds records
  uint64_t records = 0;   // held now
  size_t bytes = 0;
  std::vector<RecorderDump> dumps;  // the last kDumpsMax, oldest first
};

// The recorder of a tap: holds records as bytes, watches its triggers, and gives what belongs to a
// dump to the tap's outputs, oldest first and no faster than they take it. Match, Count, Request and
// state are for any thread; the others for one at a time.
class Recorder {
 public:
  static constexpr size_t kDumpsMax = 10;
  struct Counts {
    uint64_t recorded = 0;
    uint64_t overwritten = 0;
    uint64_t dumped = 0;
    uint64_t dumps = 0;  // begun
  };
  // What one thread has seen of the triggers' records since it last told the recorder.
  struct Watch {
    std::vector<char> wants;                      // the record in hand, by trigger
    std::vector<RecorderTrigger::Tally> tallies;  // by trigger
  };
  // Where a dump goes: whether the outputs have room for a part, and the part for them.
  struct Outlet {
    std::function<bool()> has_room;
    std::function<void(const RecordedPart&)> give;
  };

  // `memory` (or null) is charged for what is held. kInvalidArgument: a trigger's pattern.
  static StatusOr<std::unique_ptr<Recorder>> Create(const tap::RecorderSpec& spec,
                                                    std::unique_ptr<sinks::MemoryAccount> memory,
                                                    const base::Clock* clock);

  // The two halves of a record's look at the triggers: before it is redacted, and once it is
  // certain that the tap wants it.
  void Match(const traffic::TrafficPair& pair, tap::PatternBudget* budget, Watch* watch) const;
  void Count(const traffic::TrafficPair& pair, Watch* watch) const;
  // Takes what was counted there.
  void Tell(Watch* watch);
  // Holds the records, of which there is at least one, as of now: `part.at` is not read.
  void Record(RecordedPart part);
  // Begins and ends dumps, and gives what there is room for. A few times a second.
  void Turn(const Outlet& outlet);
  // Gives all that a dump still holds, whether there is room or not, and forgets the rest: the tap
  // ends, or its recorder is replaced.
  void Finish(const Outlet& outlet);
  // Goes on telling of the dumps of the recorder before an edit.
  void Remember(const RecorderState& former);
  // Since the last call.
  Counts TakeCounts();

  // Carried out with the next Turn. kNotFound: the spec has no such Webhook trigger;
  // kInvalidArgument: a time out of its bounds; kResourceExhausted: too many wait.
  Status Request(DumpRequest request);
  RecorderState state() const;

 private:
  Recorder(const tap::RecorderSpec& spec, std::unique_ptr<sinks::MemoryAccount> memory,
           const base::Clock* clock);
  void Begin(const std::string& trigger, base::Nanos before, base::Nanos after);
  void Give(const RecordedPart& part, const Outlet& outlet);
  void EndIfDone(base::Nanos now);
  void Publish();

  const tap::RecorderSpec spec_;
  const base::Clock* const clock_;
  RecorderRing ring_;
  std::vector<RecorderTrigger> triggers_;
  std::vector<RecorderDump> dumps_;
  bool dumping_ = false;           // the last of dumps_ is under way
  base::Nanos ends_ = 0;           // monotonic: what comes from then on is not the dump's
  uint64_t gap_before_ = 0;        // of the dump under way: overwritten before it began
  uint64_t overwritten_told_ = 0;  // by TakeCounts
  Counts counts_;
  const base::Nanos since_;

  mutable absl::Mutex mutex_;
  std::vector<DumpRequest> requests_ ABSL_GUARDED_BY(mutex_);
  RecorderState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
