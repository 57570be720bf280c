// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "filter/pair_filter.h"
#include "pipeline/known_peers.h"
#include "pipeline/limited_edges.h"
#include "pipeline/pattern_time.h"
#include "pipeline/request_metrics.h"
#include "pipeline/shared_records.h"
#include "pipeline/tap_counters.h"
#include "pipeline/tap_limits.h"
#include "pipeline/tap_outputs.h"
#include "pipeline/tap_recording.h"
#include "redaction/redactor.h"
#include "tap/tap_spec.h"
#include "traffic/record_batch.h"
#include "traffic/record_consumer.h"

namespace traffictap::pipeline {

// What the lanes of a tap have in common. Set before their first record; afterwards only sinks change,
// while no lane is at work, and what `mutex` guards.
struct TapParts {
  tap::TapSpecPtr spec;
  traffic::RecordConsumer* live = nullptr;
  std::shared_ptr<const traffic::RecordOrigin> origin;
  std::unique_ptr<filter::PairFilter> match;
  std::unique_ptr<filter::PeerFilter> peers;
  const base::Clock* clock = nullptr;
  std::unique_ptr<TapLimits> limits;
  std::unique_ptr<TapRecording> recording;  // null: the tap has no recorder
  std::shared_ptr<RequestMetrics> metrics;  // null: the tap has none
  mutable absl::Mutex mutex;
  std::vector<TapOutput> outputs;  // the sinks: changed under `mutex`
  TapCounters counters ABSL_GUARDED_BY(mutex);
  // The requests that the counted ones are the whole part of: weights need not be whole.
  std::array<double, traffic::kVerdictCount> requests ABSL_GUARDED_BY(mutex) = {};
  LimitedEdges limited_edges ABSL_GUARDED_BY(mutex);
};

// One pairing thread's way through a tap: filter, sample, limit, redact, hand out. One thread at a
// time; lanes of one tap work side by side.
class TapLane {
 public:
  // In place of a pair's number: no other lane is shown the same.
  static constexpr uint64_t kForOneTap = 0;

  // Both outlive the lane. `pattern_time`: of its thread.
  TapLane(TapParts* tap, std::unique_ptr<redaction::Redactor> redactor, PatternTime* pattern_time);
  // Goes on with what the lane of the tap's life before an edit knows. Before the first Consume.
  void Inherit(const TapLane& former) { met_.Inherit(former.met_); }

  // Makes records together with `other`, a lane of the same thread, from now on. False, and it does
  // not, where the two taps would not show every entry alike. While no lane is at work.
  bool ShareWith(const TapLane& other);
  // The same for all lanes with which ShareWith is true, and seldom for others.
  size_t likeness() const { return redactor_->fingerprint(); }

  // `pair` as this tap may see it; `own`: which of its ends are targets. `number`: of the pair, where
  // it is the whole one with the same entries for all taps that are shown it under this number.
  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
               const filter::OwnEnds& own = {}, uint64_t number = kForOneTap);
  // The tap's targets talk to somebody at that place.
  void MeetPeer(const pairing::PeerPlace& place) { met_.Add(place, tap_->clock->Monotonic()); }
  // Whom it was told of lately, up to a second ago. Any thread.
  std::vector<PeerSighting> peers_met() const { return met_.shared(); }
  // Ends a turn: hands the records gathered since the last call to the outputs, or to the recorder,
  // which then has its turn; and counts.
  void Deliver();

 private:
  enum class Outcome { kOffered, kFiltered, kSampled, kOrphanDropped, kLimited, kMatchOverBudget };

  Outcome Decide(const traffic::TrafficPair& pair, const filter::OwnEnds& own);
  bool WithinLimits(const traffic::TrafficPair& pair);
  traffic::TrafficPair Weighted(traffic::TrafficPair pair) const;
  void MatchOutputs(const traffic::TrafficPair& pair);
  // Of what is offered, with its weight.
  void Gather(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr> nodes,
              uint64_t number);
  void DeliverGathered();
  void CountOffered(const traffic::TrafficPair& pair);
  void Count(Outcome outcome);
  void HandOver(const std::shared_ptr<const traffic::RecordBatch>& batch);
  void AddCounts();
  // The tap's recorder, or null.
  const Recorder* recorder() const {
    return tap_->recording ? tap_->recording->running() : nullptr;
  }

  TapParts* const tap_;
  const std::unique_ptr<redaction::Redactor> redactor_;
  PatternTime::Account patterns_;
  std::vector<char> wants_;  // the record in hand, by output
  WantedIndexes wanted_;     // of the batch being gathered
  Recorder::Watch watch_;
  std::shared_ptr<SharedRecords> shared_;  // with other lanes of the thread
  std::shared_ptr<traffic::RecordBatch> gathering_;
  // Counted since the last Deliver.
  TapCounters delta_;
  std::array<double, traffic::kVerdictCount> requests_{};
  PeerSightings met_;
  RequestMeter meter_;
};

}  // namespace traffictap::pipeline
