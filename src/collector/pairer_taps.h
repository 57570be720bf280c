// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pipeline/pipeline.h"
#include "shuffle/removed_taps.h"
#include "tap/tap_spec.h"

namespace traffictap::collector {

// What a pairer has in force: the taps that it is to have, and for a while those that were removed, so
// that their outputs get what the log still has for them (shuffle::RemovedTaps). Removed ones end at once
// where their name comes back, which is another tap then, and where a tap is refused while they are
// there, since they may have what it needs: its place in the table, its file. A tap that was refused before
// ends only those that are removed after it, and only if it was for want of room. Thread-safe; a thread of
// its own lets them go.
class PairerTaps {
 public:
  // Called under this object's mutex, so that they must not call it back.
  struct Hooks {
    // As Pipeline::SetTaps.
    std::function<std::vector<pipeline::TapFault>(const std::vector<tap::TapSpecPtr>&)> set;
    std::function<std::vector<tap::TapSpecPtr>()> in_force;
    std::function<base::Nanos()> read_until;  // as roles::RoleWork's
  };

  // `clock` outlives it.
  PairerTaps(Hooks hooks, const base::Clock* clock);
  // Waits for a running call.
  ~PairerTaps();

  // Starts the thread, once. Without it, who calls Look lets go of removed taps.
  void Start();
  // `taps` are to be in force. Returns the faults of those.
  std::vector<pipeline::TapFault> Set(const std::vector<tap::TapSpecPtr>& taps);
  // Lets go of the removed taps whose time is over.
  void Look();

 private:
  void Run();
  void LookNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !removed_.empty();
  }

  const Hooks hooks_;
  absl::Mutex mutex_;
  shuffle::RemovedTaps removed_ ABSL_GUARDED_BY(mutex_);
  std::vector<tap::TapSpecPtr> wanted_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> refused_ ABSL_GUARDED_BY(mutex_);  // of those
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace traffictap::collector
