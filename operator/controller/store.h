// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "kube/object.h"

namespace traffictap::controller {

using ObjectPtr = std::shared_ptr<const kube::Object>;

// What one change did: `before` is null for a new object, `after` for one that is gone.
struct Change {
  ObjectPtr before;
  ObjectPtr after;
};

// The objects of one kind as a watcher last saw them. Readers get pointers to what never changes,
// and may keep them. Thread-safe.
class Store {
 public:
  ObjectPtr Get(const kube::ObjectKey& key) const;
  std::vector<ObjectPtr> All() const;
  size_t size() const;

  Change Put(kube::Object object);
  Change Remove(const kube::ObjectKey& key);
  // Puts `objects` in the place of everything in one step; returns what is other than before.
  std::vector<Change> Replace(std::vector<kube::Object> objects);

 private:
  using Objects = std::map<kube::ObjectKey, ObjectPtr>;

  Change Swap(const kube::ObjectKey& key, ObjectPtr after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Objects objects_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::controller
