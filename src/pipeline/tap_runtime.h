// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "filter/pair_filter.h"
#include "pipeline/former_outputs.h"
#include "pipeline/known_peers.h"
#include "pipeline/limited_edges.h"
#include "pipeline/pattern_time.h"
#include "pipeline/recorder.h"
#include "pipeline/tap_counters.h"
#include "redaction/redactor.h"
#include "sinks/sink_registry.h"
#include "tap/tap_spec.h"
#include "traffic/record_batch.h"
#include "traffic/record_consumer.h"

namespace traffictap::pipeline {

// One tap from joined pairs to its outputs: filter, sample, limit, redact, hand out, or hold for the
// recorder to hand out. The pipeline thread calls Consume and Deliver; RequestDump, recorder_state and
// the counters are for any thread.
class TapRuntime {
 public:
  // kInvalidArgument: the spec cannot work, as a pattern does not compile or an output cannot open.
  // `live` (or null) is shown every batch that is offered, whatever the outputs' own match.
  // `pattern_time` outlives the runtime.
  static StatusOr<std::unique_ptr<TapRuntime>> Create(tap::TapSpecPtr spec,
                                                      const std::string& collector,
                                                      const sinks::SinkContext& context,
                                                      PatternTime* pattern_time,
                                                      traffic::RecordConsumer* live = nullptr);

  // Opens the outputs by `open`, once, before the first Consume. `former` is the tap's life before
  // an edit, or null: its outputs with an unchanged spec are shared from now on.
  Status OpenOutputs(const sinks::SinkOpener& open, const sinks::SinkContext& context,
                     TapRuntime* former);
  // Goes on with the counters and the limits' counts of `former`. On the pipeline thread, before the
  // first Consume.
  void Inherit(TapRuntime* former);

  // `pair` as this tap may see it; `own`: which of its ends are targets.
  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
               const filter::OwnEnds& own = {});
  // The tap's targets talk to somebody at that place.
  void MeetPeer(const pairing::PeerPlace& place) { met_.Add(place, clock_->Monotonic()); }
  // Hands the records gathered since the last call to the outputs, or to the recorder, which then has
  // its turn.
  void Deliver();
  // What Durable outputs keep on disk goes with those that `successor` (or null: the tap ends) has
  // not as Durable any more. Before Leave; at the end of the process it is not called.
  void DiscardKept(const TapRuntime* successor);
  // Delivers, then begins to close the outputs that `successor` (or null) did not take over, within
  // `wait`. Their counters stay those of the tap. On the pipeline thread; returns at once.
  void Leave(base::Nanos wait, const TapRuntime* successor);
  // True once all outputs that left are closed. Logs what each of them counted.
  bool Left() { return former_->Reap(); }
  // Waits for that.
  void AwaitLeft() { former_->Await(); }

  // True when a limit has ended the tap. Only an edit that moves the limit makes it run again.
  bool completed() const { return completed_; }
  const tap::TapSpec& spec() const { return *spec_; }
  const KnownPeers& known_peers() const { return known_peers_; }
  // Whether peers are attached, or were in a former life, so that what they sent may still come.
  bool had_peers() const { return had_peers_; }
  // Whom MeetPeer was told of lately, up to a second ago. Any thread.
  std::vector<PeerSighting> peers_met() const { return met_.shared(); }
  Status RequestDump(DumpRequest request);
  std::optional<RecorderState> recorder_state() const;  // none: the tap has no recorder
  TapCounters counters() const;
  // What maxRecordsPerSecond left out, in all lives of the tap.
  LimitedEdges limited_edges() const;
  // By name, in all lives of the tap, with what an output dropped that an edit has replaced.
  std::map<std::string, sinks::SinkCounters> output_counters() const;

 private:
  struct Output {
    tap::OutputSpec spec;
    std::unique_ptr<filter::PairFilter> match;
    std::shared_ptr<sinks::Sink> sink;  // shared only while an edited tap takes over; null: left
    bool wants = false;                 // the record in hand
    std::vector<uint32_t> indexes;      // of the batch being gathered
    base::Nanos full_since = 0;         // monotonic: since when a dump waits for it; 0: it does not
  };
  enum class Outcome { kOffered, kFiltered, kSampled, kOrphanDropped, kLimited, kMatchOverBudget };

  explicit TapRuntime(tap::TapSpecPtr spec);
  std::shared_ptr<sinks::Sink> GiveUp(const tap::OutputSpec& spec);
  bool Shares(const sinks::Sink* sink) const;
  bool HasDurable(const std::string& output) const;
  Outcome Decide(const traffic::TrafficPair& pair, const filter::OwnEnds& own);
  void CheckTime();
  bool WithinLimits(const traffic::TrafficPair& pair);
  traffic::TrafficPair Weighted(traffic::TrafficPair pair) const;
  void MatchOutputs(const traffic::TrafficPair& pair);
  void Gather(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes);
  void Count(Outcome outcome, const traffic::TrafficPair& pair);
  void HandOut(const std::shared_ptr<const traffic::RecordBatch>& batch);
  void Hold(const std::shared_ptr<const traffic::RecordBatch>& batch);
  void GiveDumped(const RecordedPart& part);
  bool HasRoom();
  Recorder::Outlet Outlet();
  void InheritRecorder(TapRuntime* former);
  std::shared_ptr<Recorder> recorder() const;
  void AddCounts();

  const tap::TapSpecPtr spec_;
  const KnownPeers known_peers_;
  const base::Clock* clock_ = nullptr;
  traffic::RecordConsumer* live_ = nullptr;
  std::shared_ptr<const traffic::RecordOrigin> origin_;
  std::unique_ptr<filter::PairFilter> match_;
  std::unique_ptr<filter::PeerFilter> peers_;
  std::unique_ptr<redaction::Redactor> redactor_;
  std::unique_ptr<PatternTime::Account> patterns_;
  // Which sinks they have: changed by the pipeline thread, under mutex_.
  std::vector<Output> outputs_;
  // Changed by the pipeline thread, under mutex_; null: the tap has none, or an edit took it over.
  std::shared_ptr<Recorder> recorder_;
  std::shared_ptr<FormerOutputs> former_;  // of all lives of the tap
  std::shared_ptr<traffic::RecordBatch> gathering_;

  // monotonic; of the tap's first life, from startTime on
  std::optional<base::Nanos> running_since_;
  int64_t rate_second_ = 0;  // the second of the monotonic clock that rate_records_ counts
  uint64_t rate_records_ = 0;
  uint64_t offered_ = 0;                                   // in all lives of the tap
  std::array<double, traffic::kVerdictCount> requests_{};  // the same; weights need not be whole
  std::atomic<bool> completed_{false};
  TapCounters delta_;  // counted since the last Deliver
  bool had_peers_ = false;
  PeerSightings met_;
  mutable absl::Mutex mutex_;
  TapCounters counters_ ABSL_GUARDED_BY(mutex_);
  LimitedEdges limited_edges_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
