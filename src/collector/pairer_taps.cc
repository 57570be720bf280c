// SPDX-License-Identifier: Apache-2.0
#include "collector/pairer_taps.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "base/log.h"

namespace traffictap::collector {
namespace {

constexpr base::Nanos kLookEvery = 250 * base::kMillisecond;

}  // namespace

PairerTaps::PairerTaps(Hooks hooks, const base::Clock* clock)
    : hooks_(std::move(hooks)), removed_(clock) {}

PairerTaps::~PairerTaps() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void PairerTaps::Start() {
  thread_ = std::jthread([this] { Run(); });
}

std::vector<pipeline::TapFault> PairerTaps::Set(const std::vector<tap::TapSpecPtr>& taps) {
  absl::MutexLock lock(&mutex_);
  if (removed_.Forget(taps)) hooks_.set(removed_.With(wanted_));
  const bool removes = removed_.Add(hooks_.in_force(), taps);
  wanted_ = taps;
  auto faults = hooks_.set(removed_.With(taps));
  // One that was refused before may wait for the very place of one that goes now.
  const bool refuses = std::any_of(faults.begin(), faults.end(), [&](const auto& fault) {
    mutex_.AssertHeld();
    return !refused_.contains(fault.tap) || (removes && absl::IsResourceExhausted(fault.status));
  });
  if (refuses && !removed_.empty()) {
    removed_.Clear();
    faults = hooks_.set(taps);
  }
  refused_.clear();
  for (const auto& fault : faults) refused_.insert(fault.tap);
  return faults;
}

void PairerTaps::Look() {
  absl::MutexLock lock(&mutex_);
  LookNow();
}

// A tap that is refused meanwhile has been reported by Set.
void PairerTaps::LookNow() {
  if (!removed_.Expire(hooks_.read_until())) return;
  hooks_.set(removed_.With(wanted_));
  log::For("taps").info("removed taps have ended active={}", wanted_.size());
}

void PairerTaps::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    mutex_.Await(absl::Condition(this, &PairerTaps::HasWork));
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Nanoseconds(kLookEvery));
    if (!stopping_) LookNow();
  }
}

}  // namespace traffictap::collector
