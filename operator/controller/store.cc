// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/store.h"

#include <utility>

namespace traffictap::controller {

ObjectPtr Store::Get(const kube::ObjectKey& key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> Store::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ObjectPtr> out;
  out.reserve(objects_.size());
  for (const auto& [key, object] : objects_) out.push_back(object);
  return out;
}

size_t Store::size() const {
  absl::MutexLock lock(&mutex_);
  return objects_.size();
}

Change Store::Swap(const kube::ObjectKey& key, ObjectPtr after) {
  Change change;
  const auto found = objects_.find(key);
  if (found != objects_.end()) {
    change.before = found->second;
    objects_.erase(found);
  }
  change.after = std::move(after);
  if (change.after != nullptr) objects_.emplace(key, change.after);
  return change;
}

Change Store::Put(kube::Object object) {
  auto after = std::make_shared<const kube::Object>(std::move(object));
  absl::MutexLock lock(&mutex_);
  return Swap(after->key(), after);
}

Change Store::Remove(const kube::ObjectKey& key) {
  absl::MutexLock lock(&mutex_);
  return Swap(key, nullptr);
}

std::vector<Change> Store::Replace(std::vector<kube::Object> objects) {
  Objects next;
  for (auto& object : objects) {
    auto shared = std::make_shared<const kube::Object>(std::move(object));
    next[shared->key()] = shared;
  }
  std::vector<Change> changes;
  absl::MutexLock lock(&mutex_);
  std::vector<kube::ObjectKey> gone;
  for (const auto& [key, object] : objects_) {
    if (next.count(key) == 0) gone.push_back(key);
  }
  for (const auto& key : gone) changes.push_back(Swap(key, nullptr));
  for (const auto& [key, object] : next) {
    const auto found = objects_.find(key);
    const bool same = found != objects_.end() && found->second->uid() == object->uid() &&
                      found->second->resource_version() == object->resource_version();
    if (!same) changes.push_back(Swap(key, object));
  }
  return changes;
}

}  // namespace traffictap::controller
