// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "traffic/entry_consumer.h"

namespace traffictap::pipeline {

// One stream's pause: begins with its entry into PausedProxies, ends with Resume or the stream.
struct PausedProxy {
  traffic::NodePtr node;
  std::shared_ptr<traffic::StreamReader> reader;
  // When a tap came that wants it, by our wall clock; 0: not yet.
  std::atomic<base::Nanos> resumed{0};
};
using PausedProxyPtr = std::shared_ptr<PausedProxy>;

// The streams that nobody reads. Thread-safe.
class PausedProxies {
 public:
  // False, and nothing is added, where `still` does not hold: asked so that no Take can fall between.
  bool Add(const PausedProxyPtr& proxy, const std::function<bool()>& still);
  void Remove(const PausedProxyPtr& proxy);
  // Takes out those that `wanted` holds for, and marks them as resumed at `now`. The caller resumes
  // their readers.
  std::vector<PausedProxyPtr> Take(const std::function<bool(const traffic::Node&)>& wanted,
                                   base::Nanos now);

 private:
  absl::Mutex mutex_;
  std::set<PausedProxyPtr> proxies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::pipeline
