// SPDX-License-Identifier: Apache-2.0

// The pool is two halves. Of the first each tap has part(), which nobody else can use, so that a
// tap whose outputs are stuck never takes another's last memory. Of the second a tap gets half of
// what is free and of what it uses of it already: shares shrink as taps need more, and no tap takes
// all of it. excess_ is the sum of what taps hold beyond their parts; Change keeps it up, and it is
// counted anew where an account comes or goes, since part() may be another one then.
#include "sinks/memory_pool.h"

#include <algorithm>
#include <utility>

namespace traffictap::sinks {

std::unique_ptr<MemoryAccount> MemoryPool::Open(const std::string& tap) {
  absl::MutexLock lock(&mutex_);
  Tap& place = taps_[tap];
  ++place.accounts;
  CountExcess();
  return std::unique_ptr<MemoryAccount>(new MemoryAccount(shared_from_this(), tap, &place));
}

size_t MemoryPool::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

size_t MemoryPool::part() const { return bytes_max_ / 2 / std::max<size_t>(1, taps_.size()); }

size_t MemoryPool::Excess(const Tap& tap) const {
  return tap.bytes > part() ? tap.bytes - part() : 0;
}

size_t MemoryPool::Allowance(const Tap& tap) const {
  const size_t shared = bytes_max_ - bytes_max_ / 2;
  const size_t free = shared > excess_ ? shared - excess_ : 0;
  return part() + (Excess(tap) + free) / 2;
}

void MemoryPool::Change(Tap* tap, size_t bytes) {
  excess_ -= Excess(*tap);
  bytes_ += bytes - tap->bytes;
  tap->bytes = bytes;
  excess_ += Excess(*tap);
}

void MemoryPool::CountExcess() {
  excess_ = 0;
  for (const auto& [name, tap] : taps_) excess_ += Excess(tap);
}

bool MemoryPool::TryCharge(Tap* tap, size_t held, size_t bytes) {
  absl::MutexLock lock(&mutex_);
  const size_t free = bytes_max_ > bytes_ ? bytes_max_ - bytes_ : 0;
  // A pool that nobody uses takes anything, so that one set too small slows but never blocks.
  if (bytes > free && bytes_ > 0) return false;
  if (held > 0) {
    const size_t allowance = Allowance(*tap);
    const size_t own = allowance / 2 / static_cast<size_t>(tap->accounts);
    if (tap->bytes + bytes > allowance) return false;
    if (held + bytes > own && held + bytes + tap->bytes > allowance) return false;
  }
  Change(tap, tap->bytes + bytes);
  return true;
}

void MemoryPool::Release(Tap* tap, size_t bytes) {
  absl::MutexLock lock(&mutex_);
  Change(tap, tap->bytes - bytes);
}

void MemoryPool::Close(const std::string& name, Tap* tap, size_t held) {
  absl::MutexLock lock(&mutex_);
  Change(tap, tap->bytes - held);
  if (--tap->accounts == 0) taps_.erase(name);
  CountExcess();
}

MemoryAccount::MemoryAccount(std::shared_ptr<MemoryPool> pool, std::string name,
                             MemoryPool::Tap* tap)
    : pool_(std::move(pool)), name_(std::move(name)), tap_(tap) {}

MemoryAccount::~MemoryAccount() { pool_->Close(name_, tap_, held_); }

bool MemoryAccount::TryCharge(size_t bytes) {
  if (!pool_->TryCharge(tap_, held_, bytes)) return false;
  held_ += bytes;
  return true;
}

void MemoryAccount::Release(size_t bytes) {
  pool_->Release(tap_, bytes);
  held_ -= bytes;
}

}  // namespace traffictap::sinks
