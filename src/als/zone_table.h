// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace traffictap::als {

// In which zone each node of the cluster is, as the operator has it of the nodes' labels. Asked once for
// each stream, when it begins. Thread-safe.
class ZoneTable {
 public:
  using Zones = std::map<std::string, std::string, std::less<>>;  // zone by node

  // In the place of all that were there.
  void Set(Zones zones) {
    absl::MutexLock lock(&mutex_);
    zones_ = std::move(zones);
  }
  // Empty: not known.
  std::string ZoneOf(std::string_view node) const {
    absl::MutexLock lock(&mutex_);
    const auto found = zones_.find(node);
    return found == zones_.end() ? std::string() : found->second;
  }

 private:
  mutable absl::Mutex mutex_;
  Zones zones_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::als
