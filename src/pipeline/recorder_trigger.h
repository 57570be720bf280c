// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/status.h"
#include "filter/pair_filter.h"
#include "tap/recorder_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::pipeline {

// One trigger of a recorder: the share of requests, over the time up to now, that failed or were
// slow. A quantile q is above a duration where more than 1 - q of the requests last longer, so that
// both conditions are one. Pure but for the times that it is given. What is const is thread-safe, the
// rest one thread's at a time.
class RecorderTrigger {
 public:
  // Records that one thread has counted and not added yet.
  struct Tally {
    uint64_t records = 0;
    double requests = 0;  // that the records stand for
    double hits = 0;      // of these: failed, or slow
  };

  // kInvalidArgument: a path's pattern does not compile.
  static StatusOr<RecorderTrigger> Create(const tap::RecorderTrigger& spec);

  const tap::RecorderTrigger& spec() const { return spec_; }
  // Whether a record has one of the trigger's paths; tested before the record is redacted.
  bool Wants(const traffic::TrafficPair& pair, tap::PatternBudget* budget) const;
  // Counts a wanted record with its weight. One that is open does not count.
  void Count(const traffic::TrafficPair& pair, Tally* tally) const;
  // Adds what was counted shortly before `now` (monotonic).
  void Add(const Tally& tally, base::Nanos now);
  // True when the condition has become true: once, until it has been false again. A Webhook never
  // fires by itself.
  bool Fires(base::Nanos now);

 private:
  // The time is looked at in this many steps: what is older leaves step by step.
  static constexpr size_t kSlots = 20;
  struct Slot {
    int64_t number = -1;
    Tally sum = {};
  };

  explicit RecorderTrigger(const tap::RecorderTrigger& spec) : spec_(spec) {}
  bool Hits(const traffic::TrafficPair& pair) const;
  bool Holds(base::Nanos now) const;
  int64_t NumberOf(base::Nanos now) const;

  tap::RecorderTrigger spec_;
  std::unique_ptr<filter::PairFilter> paths_;  // null: all
  std::array<Slot, kSlots> slots_;
  bool held_ = false;
};

}  // namespace traffictap::pipeline
