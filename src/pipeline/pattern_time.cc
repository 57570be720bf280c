// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern_time.h"

#include <utility>

namespace traffictap::pipeline {
namespace {

// A step takes at most 2 ns, so the clock is read at least every 40 µs of work.
constexpr size_t kStepsPerReading = 20'000;

}  // namespace

PatternTime::Account::Account(PatternTime* owner, std::string ns)
    : owner_(owner), ns_(std::move(ns)) {
  absl::MutexLock lock(&owner_->mutex_);
  ++owner_->namespaces_[ns_].taps;
}

PatternTime::Account::~Account() {
  absl::MutexLock lock(&owner_->mutex_);
  const auto found = owner_->namespaces_.find(ns_);
  if (--found->second.taps == 0) owner_->namespaces_.erase(found);
}

bool PatternTime::Account::MayTest(size_t steps) {
  if (!running_) {
    running_ = true;
    read_at_ = owner_->clock_->Monotonic();
    may_ = owner_->Charge(this, read_at_, 0);
    unread_steps_ = 0;
  } else if (unread_steps_ >= kStepsPerReading) {
    Read();
  }
  unread_steps_ += steps;
  refused_ = refused_ || !may_;
  return may_;
}

bool PatternTime::Account::EndRecord() {
  if (!running_) return false;
  Read();
  running_ = false;
  return std::exchange(refused_, false);
}

void PatternTime::Account::Read() {
  const base::Nanos now = owner_->clock_->Monotonic();
  may_ = owner_->Charge(this, now, now - std::exchange(read_at_, now));
  unread_steps_ = 0;
}

bool PatternTime::Charge(Account* account, base::Nanos now, base::Nanos spent) {
  const int64_t second = now / base::kSecond;
  absl::MutexLock lock(&mutex_);
  if (std::exchange(second_, second) != second) {
    used_ = 0;
    for (auto& [name, ns] : namespaces_) ns.used = 0;
  }
  if (std::exchange(account->second_, second) != second) account->used_ = 0;
  Namespace& ns = namespaces_[account->ns_];
  used_ += spent;
  ns.used += spent;
  account->used_ += spent;
  if (used_ < per_second_) return true;
  const base::Nanos share = per_second_ / static_cast<base::Nanos>(namespaces_.size());
  return ns.used < share && account->used_ < share / static_cast<base::Nanos>(ns.taps);
}

}  // namespace traffictap::pipeline
