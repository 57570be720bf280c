// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/informer.h"

#include <utility>

namespace traffictap::controller {

void InformerOptions::DropManagedFields(kube::Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata != object.end() && metadata->is_object()) metadata->erase("managedFields");
}

Informer::Informer(kube::KubeClient* client, const kube::Resource& resource,
                   InformerOptions options, const base::Clock* clock, OnChange on_change)
    : trim_(std::move(options.trim)),
      on_change_(std::move(on_change)),
      watcher_(client, resource, std::move(options.watcher), clock,
               [this](WatcherEvent event) { OnEvent(std::move(event)); }) {}

void Informer::OnEvent(WatcherEvent event) {
  if (trim_) trim_(event.object.value());
  switch (event.type) {
    case WatcherEvent::Type::kInit: listing_.clear(); break;
    case WatcherEvent::Type::kInitApply: listing_.push_back(std::move(event.object)); break;
    case WatcherEvent::Type::kInitDone: {
      const auto changes = store_.Replace(std::exchange(listing_, {}));
      {
        absl::MutexLock lock(&mutex_);
        synced_ = true;
      }
      for (const auto& change : changes) Tell(change);
      break;
    }
    case WatcherEvent::Type::kApply: Tell(store_.Put(std::move(event.object))); break;
    case WatcherEvent::Type::kDelete: {
      Change change = store_.Remove(event.object.key());
      if (change.before != nullptr) Tell(change);
      break;
    }
  }
}

void Informer::Tell(const Change& change) const {
  if (on_change_) on_change_(change);
}

bool Informer::synced() const {
  absl::MutexLock lock(&mutex_);
  return synced_;
}

bool Informer::WaitForSync(base::Nanos timeout) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&synced_), absl::Nanoseconds(timeout));
}

}  // namespace traffictap::controller
