// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"

namespace traffictap::sinks {

class MemoryAccount;

// The memory that all outputs hold records in. Half of it is divided evenly among the taps, so that
// each has a part that no other can take; of the other half a tap may hold as much as it leaves free.
// The outputs of a tap share what the tap may hold in the same way: half evenly, half by need. So
// outputs that are stuck fill their own shares and no more. An output that holds nothing may take
// whatever is free, as one batch may be larger than a small share. Thread-safe.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  explicit MemoryPool(size_t bytes_max) : bytes_max_(bytes_max) {}

  // An account of one output of `tap`.
  std::unique_ptr<MemoryAccount> Open(const std::string& tap);

  size_t bytes_max() const { return bytes_max_; }
  size_t bytes() const;

 private:
  friend class MemoryAccount;
  struct Tap {
    size_t bytes = 0;
    int accounts = 0;
  };
  bool TryCharge(Tap* tap, size_t held, size_t bytes);
  void Release(Tap* tap, size_t bytes);
  void Close(const std::string& name, Tap* tap, size_t held);
  // Of one tap, in the half that is divided evenly.
  size_t part() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t Excess(const Tap& tap) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // To what `tap` may grow as things stand.
  size_t Allowance(const Tap& tap) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Change(Tap* tap, size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountExcess() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t bytes_max_;
  mutable absl::Mutex mutex_;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t excess_ ABSL_GUARDED_BY(mutex_) = 0;  // what all taps hold beyond their parts
  std::map<std::string, Tap> taps_ ABSL_GUARDED_BY(mutex_);
};

// What one output holds. Not thread-safe by itself; accounts of one pool are used side by side.
class MemoryAccount {
 public:
  ~MemoryAccount();  // gives all of it back
  // False, and nothing is charged, where the output's share does not allow it.
  bool TryCharge(size_t bytes);
  void Release(size_t bytes);
  size_t bytes() const { return held_; }

 private:
  friend class MemoryPool;
  MemoryAccount(std::shared_ptr<MemoryPool> pool, std::string name, MemoryPool::Tap* tap);

  const std::shared_ptr<MemoryPool> pool_;
  const std::string name_;
  MemoryPool::Tap* const tap_;  // of the pool's map, whose places stay
  size_t held_ = 0;
};

}  // namespace traffictap::sinks
