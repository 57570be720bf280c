// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tap_limits.h"

#include <algorithm>

namespace traffictap::pipeline {

void TapLimits::Inherit(const TapLimits& former, uint64_t offered) {
  running_since_ = former.running_since_.load();
  rate_ = former.rate_.load();
  share_ = former.share_;
  share_at_ = former.share_at_;
  taken_ = offered;
}

// Asked for each record: it reads no clock that no limit of the tap needs.
void TapLimits::CheckTime() {
  if (!running() && (!limits_.start_time || clock_->Wall() >= *limits_.start_time)) {
    base::Nanos never = kNever;
    running_since_.compare_exchange_strong(never, clock_->Monotonic());
  }
  const bool over = (limits_.end_time && clock_->Wall() >= *limits_.end_time) ||
                    (limits_.duration && running() &&
                     clock_->Monotonic() - running_since_ >= *limits_.duration) ||
                    (limits_.max_records && taken_ >= *limits_.max_records);
  if (over) completed_ = true;
}

TapLimits::Answer TapLimits::Take() {
  CheckTime();
  if (completed_ || !running()) return Answer::kOver;
  if (limits_.start_time && clock_->Wall() < *limits_.start_time) return Answer::kOver;
  if (const auto& max = limits_.max_records_per_second) {
    const bool may = time_ != nullptr ? TakeOfShare(*max) : TakeOfSecond(*max);
    if (!may) return Answer::kTooManyAtOnce;
  }
  if (limits_.max_records && !TakeOfAll(*limits_.max_records)) return Answer::kOver;
  return Answer::kMay;
}

// A thread that read the clock before another one counts in the second of that one.
bool TapLimits::TakeOfSecond(uint64_t max) {
  max = std::min<uint64_t>(max, UINT32_MAX);
  const auto second = static_cast<uint64_t>(clock_->Monotonic() / base::kSecond);
  uint64_t rate = rate_.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    const uint64_t begun = std::max(rate >> 32, second & UINT32_MAX);
    const uint64_t taken = begun == rate >> 32 ? rate & UINT32_MAX : 0;
    if (taken >= max) return false;
    next = (begun << 32) | (taken + 1);
  } while (!rate_.compare_exchange_weak(rate, next, std::memory_order_relaxed));
  return true;
}

// A bucket, since the part of one partition may be less than a record a second. It holds what comes in a
// second, and one record at least.
bool TapLimits::TakeOfShare(uint64_t max) {
  const double part = static_cast<double>(max) / time_->partitions;
  const base::Nanos now = time_->elapsed;
  const auto seconds = static_cast<double>(now - share_at_.value_or(now)) / base::kSecond;
  share_at_ = now;
  share_ = std::min(share_ + seconds * part, std::max(1.0, part * time_->owned));
  if (share_ < 1) return false;
  share_ -= 1;
  return true;
}

bool TapLimits::TakeOfAll(uint64_t max) {
  if (lease_ && !lease_->Take()) return false;
  uint64_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (taken >= max) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace traffictap::pipeline
