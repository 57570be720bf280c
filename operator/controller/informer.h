// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "operator/controller/store.h"
#include "operator/controller/watcher.h"

namespace traffictap::controller {

struct InformerOptions {
  WatcherOptions watcher = {};
  // Cuts from each object what nobody reads before it is kept: a cluster has many pods.
  std::function<void(kube::Json&)> trim = DropManagedFields;

  static void DropManagedFields(kube::Json& object);
};

// A watcher that keeps a store up to date and tells each change once, also those that happened
// while it could not watch: a list is put in place as a whole and compared with what was there.
class Informer {
 public:
  using OnChange = std::function<void(const Change&)>;

  // `client` and `clock` outlive it. `on_change` is called on Run's thread, after the store has the
  // change.
  Informer(kube::KubeClient* client, const kube::Resource& resource, InformerOptions options,
           const base::Clock* clock, OnChange on_change);

  // Until `stop` is requested. Once.
  void Run(const std::stop_token& stop) { watcher_.Run(stop); }

  // The first list is in the store.
  bool synced() const;
  // False after a time-out.
  bool WaitForSync(base::Nanos timeout) const;

  const Store& store() const { return store_; }
  const Watcher& watcher() const { return watcher_; }

 private:
  void OnEvent(WatcherEvent event);
  void Tell(const Change& change) const;

  const std::function<void(kube::Json&)> trim_;
  const OnChange on_change_;
  Store store_;
  std::vector<kube::Object> listing_;  // between Init and InitDone
  mutable absl::Mutex mutex_;
  bool synced_ ABSL_GUARDED_BY(mutex_) = false;
  Watcher watcher_;
};

}  // namespace traffictap::controller
