// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/store.h"

#include <utility>

namespace traffictap::controller {

Store::Store(std::map<std::string, Indexer> indexers) : indexers_(std::move(indexers)) {}

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

std::vector<ObjectPtr> Store::InNamespace(const std::string& ns) const {
  absl::MutexLock lock(&mutex_);
  std::vector<ObjectPtr> out;
  for (auto at = objects_.lower_bound({ns, ""}); at != objects_.end() && at->first.ns == ns; ++at) {
    out.push_back(at->second);
  }
  return out;
}

std::vector<ObjectPtr> Store::ByIndex(const std::string& indexer, const std::string& value) const {
  absl::MutexLock lock(&mutex_);
  std::vector<ObjectPtr> out;
  const auto index = indices_.find(indexer);
  if (index == indices_.end()) return out;
  const auto keys = index->second.find(value);
  if (keys == index->second.end()) return out;
  for (const auto& key : keys->second) out.push_back(objects_.at(key));
  return out;
}

size_t Store::size() const {
  absl::MutexLock lock(&mutex_);
  return objects_.size();
}

void Store::Enter(const ObjectPtr& object) {
  for (const auto& [name, indexer] : indexers_) {
    for (const auto& value : indexer(*object)) indices_[name][value].insert(object->key());
  }
}

void Store::Leave(const ObjectPtr& object) {
  for (const auto& [name, indexer] : indexers_) {
    Index& index = indices_[name];
    for (const auto& value : indexer(*object)) {
      const auto keys = index.find(value);
      if (keys == index.end()) continue;
      keys->second.erase(object->key());
      if (keys->second.empty()) index.erase(keys);
    }
  }
}

Change Store::Swap(const kube::ObjectKey& key, ObjectPtr after) {
  Change change;
  const auto found = objects_.find(key);
  if (found != objects_.end()) {
    change.before = found->second;
    Leave(found->second);
    objects_.erase(found);
  }
  change.after = std::move(after);
  if (change.after != nullptr) {
    objects_.emplace(key, change.after);
    Enter(change.after);
  }
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
