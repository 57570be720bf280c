// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"

namespace traffictap::pipeline {

// How many records of a tap this process may take, where several work for the tap and the operator
// grants each a part of maxRecords. Thread-safe; Take needs no lock, and however many threads take at
// once, no more is taken than was granted.
class RecordLease {
 public:
  struct State {
    uint64_t granted = 0;
    uint64_t taken = 0;
    bool asks = false;  // for more
  };

  // Takes one record. False: nothing is left.
  bool Take();
  // So many may be taken in all. If that is less than before, what is taken already stays granted. One
  // caller at a time, as for state().
  void Grant(uint64_t granted);
  State state() const;
  // Half of what was left after the last Grant is taken, or somebody found nothing left.
  bool asks() const { return asks_.load(std::memory_order_relaxed); }

 private:
  void Ask();

  std::atomic<uint64_t> granted_{0};
  std::atomic<uint64_t> left_{0};  // of those
  std::atomic<uint64_t> low_{0};   // when it is time to ask
  std::atomic<bool> asks_{false};
};

// All leases of a process, by the uids of their taps. They stay as long as it lives, so that a tap which
// is suspended and comes back continues with what it had. Thread-safe.
class RecordLeases {
 public:
  // Without records, the first time.
  std::shared_ptr<RecordLease> Of(const std::string& uid);
  // Those that are not named stay as they are.
  void Grant(const std::map<std::string, uint64_t>& granted);
  std::map<std::string, RecordLease::State> states() const;
  // Whether one asks, which is said once until it is granted more.
  bool Ask();

 private:
  struct Held {
    std::shared_ptr<RecordLease> lease = std::make_shared<RecordLease>();
    bool said = false;
  };
  mutable absl::Mutex mutex_;
  std::map<std::string, Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
