// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "pipeline/former_outputs.h"
#include "pipeline/tap_lane.h"
#include "sinks/sink_registry.h"

namespace traffictap::pipeline {

// One tap from joined pairs to its outputs, with a lane for each pairing thread. Where nothing else is
// said, calls come while no lane is at work; RequestDump, recorder_state, peers_met and the counters are
// for any thread at any time.
class TapRuntime {
 public:
  // kInvalidArgument: the spec cannot work, as a pattern does not compile or an output cannot open.
  // `live` (or null) is shown every batch that is offered, whatever the outputs' own match.
  // `pattern_times`: of each pairing thread; they outlive the runtime.
  static StatusOr<std::unique_ptr<TapRuntime>> Create(
      tap::TapSpecPtr spec, const sinks::SinkContext& context,
      const std::vector<PatternTime*>& pattern_times, traffic::RecordConsumer* live = nullptr);

  // Opens the outputs by `open`, once, before the first Consume. `former` is the tap's life before
  // an edit, or null: its outputs with an unchanged spec are shared from now on. Its lanes may be at
  // work.
  Status OpenOutputs(const sinks::SinkOpener& open, const sinks::SinkContext& context,
                     TapRuntime* former);
  // As TapLimits'.
  void UseLease(std::shared_ptr<RecordLease> lease) { parts_.limits->UseLease(std::move(lease)); }
  void UseTime(const PartitionTime* time) { parts_.limits->UseTime(time); }
  // Goes on with the counters, the limits' counts, the recorder and, where they are asked for alike,
  // the metrics of `former`, which has as many lanes. Before the first Consume.
  void Inherit(TapRuntime* former);

  // Of the thread's own number; at any time by that thread.
  TapLane& lane(size_t thread) { return *lanes_[thread]; }
  // What Durable outputs keep on disk goes with those that `successor` (or null: the tap ends) has
  // not as Durable any more. Before Leave; at the end of the process it is not called.
  void DiscardKept(const TapRuntime* successor);
  // Delivers, then begins to close the outputs that `successor` (or null) did not take over, within
  // `wait`. Their counters stay those of the tap. Returns at once.
  void Leave(base::Nanos wait, const TapRuntime* successor);
  // True once all outputs that left are closed. Logs what each of them counted. At any time.
  bool Left() { return former_->Reap(); }
  // Waits for that.
  void AwaitLeft() { former_->Await(); }

  // True when a limit has ended the tap. Only an edit that moves the limit makes it run again.
  bool completed() const { return parts_.limits->completed(); }
  const tap::TapSpec& spec() const { return *parts_.spec; }
  const tap::TapSpecPtr& shared_spec() const { return parts_.spec; }
  const KnownPeers& known_peers() const { return known_peers_; }
  // Whether peers are attached, or were in a former life, so that what they sent may still come.
  bool had_peers() const { return had_peers_; }
  // Whom MeetPeer was told of lately, up to a second ago: sorted, PeerSightings::kAddressesMax at most.
  std::vector<PeerSighting> peers_met() const;
  Status RequestDump(DumpRequest request);
  std::optional<RecorderState> recorder_state() const;  // none: the tap has no recorder
  // Null: the tap has no metrics. They count on.
  std::shared_ptr<const RequestMetrics> request_metrics() const { return parts_.metrics; }
  TapCounters counters() const;
  // What maxRecordsPerSecond left out, in all lives of the tap.
  LimitedEdges limited_edges() const;
  // By name, in all lives of the tap, with what an output dropped that an edit has replaced.
  std::map<std::string, sinks::SinkCounters> output_counters() const;

 private:
  explicit TapRuntime(tap::TapSpecPtr spec);
  Status Compile(const sinks::SinkContext& context, const std::vector<PatternTime*>& pattern_times);
  void Deliver();
  void FinishRecording();
  std::shared_ptr<sinks::Sink> GiveUp(const tap::OutputSpec& spec);
  bool Shares(const sinks::Sink* sink) const;
  bool HasDurable(const std::string& output) const;

  const KnownPeers known_peers_;
  bool had_peers_ = false;
  TapParts parts_;
  std::vector<std::unique_ptr<TapLane>> lanes_;
  std::shared_ptr<FormerOutputs> former_;  // of all lives of the tap
};

}  // namespace traffictap::pipeline
