// SPDX-License-Identifier: Apache-2.0

// What is left is the one number that takers and the granter both change, each by a compare-and-swap: so
// a record is either taken or given back, never both.
#include "pipeline/record_lease.h"

#include <algorithm>

namespace traffictap::pipeline {

bool RecordLease::Take() {
  uint64_t left = left_.load(std::memory_order_relaxed);
  do {
    if (left == 0) {
      Ask();
      return false;
    }
  } while (!left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed));
  if (left - 1 <= low_.load(std::memory_order_relaxed)) Ask();
  return true;
}

// Mostly it asks already.
void RecordLease::Ask() {
  if (!asks()) asks_ = true;
}

void RecordLease::Grant(uint64_t granted) {
  const uint64_t before = granted_;
  uint64_t left = left_;
  if (granted > before) {
    const uint64_t more = granted - before;
    // Before there is more, so that who finds nothing meanwhile asks again.
    asks_ = false;
    low_ = (left + more) / 2;
    granted_ = granted;
    left_ += more;
    return;
  }
  uint64_t back = 0;
  do {
    back = std::min(left, before - granted);
  } while (!left_.compare_exchange_weak(left, left - back));
  granted_ = before - back;
  low_ = (left - back) / 2;
}

RecordLease::State RecordLease::state() const {
  const uint64_t granted = granted_;
  return {granted, granted - left_, asks()};
}

std::shared_ptr<RecordLease> RecordLeases::Of(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  return held_[uid].lease;
}

void RecordLeases::Grant(const std::map<std::string, uint64_t>& granted) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [uid, records] : granted) {
    Held& held = held_[uid];
    held.said = held.said && records <= held.lease->state().granted;
    held.lease->Grant(records);
  }
}

std::map<std::string, RecordLease::State> RecordLeases::states() const {
  std::map<std::string, RecordLease::State> out;
  absl::MutexLock lock(&mutex_);
  for (const auto& [uid, held] : held_) out[uid] = held.lease->state();
  return out;
}

bool RecordLeases::Ask() {
  bool out = false;
  absl::MutexLock lock(&mutex_);
  for (auto& [uid, held] : held_) {
    if (held.said || !held.lease->asks()) continue;
    held.said = out = true;
  }
  return out;
}

}  // namespace traffictap::pipeline
