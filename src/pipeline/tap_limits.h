// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "pipeline/record_lease.h"
#include "tap/tap_spec.h"

namespace traffictap::pipeline {

// How the time of the partitions goes of which a pairer's records come, where others have the rest of
// them. Belongs to the pairing thread.
struct PartitionTime {
  base::Nanos elapsed = 0;  // the sum over those that it owned; only grows
  uint32_t owned = 0;       // now
  uint32_t partitions = 1;  // of all pairers
};

// A tap's time and how many records it may have, over all its lives. Thread-safe, without a lock: however
// many threads take at once, no limit is exceeded by one.
class TapLimits {
 public:
  // Both outlive this.
  TapLimits(const tap::LimitsSpec* limits, const base::Clock* clock)
      : limits_(*limits), clock_(clock) {}

  // Of maxRecords this process has what it is leased. Before the first call of others.
  void UseLease(std::shared_ptr<RecordLease> lease) { lease_ = std::move(lease); }
  // Of maxRecordsPerSecond each second of a partition brings one part, whoever owns it: so all pairers
  // together keep to it, and one that is behind keeps to what was then. Outlives this; null: there is one
  // process. Before the first call of others, which are the pairing thread's then.
  void UseTime(const PartitionTime* time) { time_ = time; }
  // Goes on where `former` is, which has offered `offered` records. Before the first call of others.
  void Inherit(const TapLimits& former, uint64_t offered);

  enum class Answer {
    kMay,            // the record has taken its place, and is to be offered
    kOver,           // the tap has not begun, is over, or has nothing left of its lease
    kTooManyAtOnce,  // of maxRecordsPerSecond
  };
  // Asks for one record.
  Answer Take();

  // Begins the tap, and ends it, where that is due.
  void CheckTime();
  // A limit has ended the tap. Only an edit that moves the limit makes it run again.
  bool completed() const { return completed_; }

 private:
  static constexpr base::Nanos kNever = INT64_MIN;

  bool running() const { return running_since_.load(std::memory_order_relaxed) != kNever; }
  bool TakeOfSecond(uint64_t max);
  bool TakeOfShare(uint64_t max);
  bool TakeOfAll(uint64_t max);

  const tap::LimitsSpec& limits_;
  const base::Clock* const clock_;
  std::shared_ptr<RecordLease> lease_;              // null: it has all of maxRecords
  std::atomic<base::Nanos> running_since_{kNever};  // monotonic; from startTime on
  std::atomic<uint64_t> taken_{0};                  // counted only where there is a maxRecords
  // The second of the monotonic clock in the upper half, what it has taken in the lower one.
  std::atomic<uint64_t> rate_{0};
  std::atomic<bool> completed_{false};
  const PartitionTime* time_ = nullptr;
  // Of the share of maxRecordsPerSecond: what is there, and as of when, in elapsed time.
  double share_ = 1;
  std::optional<base::Nanos> share_at_;
};

}  // namespace traffictap::pipeline
