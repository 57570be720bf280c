// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fakes/field_set.h"
#include "fmt/format.h"
#include "kube/kube_client.h"

namespace traffictap::fakes {

// An API server in memory: uids, resourceVersions, generations, server-side apply with one owner
// set per field manager, preconditions, finalizers, watches with a history that can be compacted.
// The same contract tests run against it and against a real server. What it leaves out: schemas,
// defaults, ingress, authorization, an object that stops to match a watch's selector. Field
// selectors: metadata.name and metadata.namespace. Thread-safe.
class FakeKubeClient final : public kube::KubeClient {
 public:
  using Resource = kube::Resource;
  using Object = kube::Object;

  // --- what a test does beside the client's own calls

  // Creates or replaces an object as `manager` would, without a precondition and without being
  // counted as a write.
  Object Seed(const Resource& resource, Object object, const std::string& manager = "kubectl") {
    absl::MutexLock lock(&mutex_);
    Fill(resource, &object);
    Stored& stored = objects_[resource.Name()][object.key()];
    return *Replace(resource, &stored, object, manager);
  }
  // Removes an object at once, as the garbage collector does.
  void Purge(const Resource& resource, const kube::ObjectKey& key) {
    absl::MutexLock lock(&mutex_);
    Erase(resource, key);
  }
  // Deletes the objects of one kind whose owners are all gone, as the garbage collector does. Of
  // one kind, since tests have pods without the workloads that own them.
  void CollectGarbage(const Resource& resource) {
    absl::MutexLock lock(&mutex_);
    while (CollectOnce(resource.Name())) {
    }
  }
  // The next `times` calls of `verb` ("get", "list", "watch", "apply", "apply_status", "create",
  // "update", "delete") on `resource` fail.
  void Fail(const std::string& verb, const Resource& resource, Status status, int times = 1) {
    absl::MutexLock lock(&mutex_);
    for (int i = 0; i < times; ++i) failures_[verb + " " + resource.Name()].push_back(status);
  }
  // As long as it is spent, calls that give way are refused.
  void SpendWriteLimit(bool spent) {
    absl::MutexLock lock(&mutex_);
    limit_spent_ = spent;
  }
  // Forgets all failures that are still to come.
  void Heal() {
    absl::MutexLock lock(&mutex_);
    failures_.clear();
  }
  // Ends all watches that run now; a watch that fell behind the history gets 410 from now on.
  void EndWatches(const Status& status) {
    absl::MutexLock lock(&mutex_);
    ++watch_epoch_;
    watch_end_ = status;
    changed_.SignalAll();
  }
  void CompactHistory() {
    absl::MutexLock lock(&mutex_);
    compacted_ = version_;
  }
  void SendBookmark(const Resource& resource) {
    absl::MutexLock lock(&mutex_);
    Object bookmark(kube::Json{{"kind", resource.kind},
                               {"metadata", {{"resourceVersion", std::to_string(++version_)}}}});
    Tell(resource, {kube::WatchEvent::Type::kBookmark, bookmark});
  }
  // Answers Create of a review instead of storing it.
  void AnswerReviews(const Resource& resource, std::function<Object(Object)> answer) {
    absl::MutexLock lock(&mutex_);
    reviews_[resource.Name()] = std::move(answer);
  }
  // Answers Stream: gets the path, and says how the stream goes and ends.
  using OnStream = std::function<Status(
      const std::string& path, const kube::StreamHandlers& handlers, std::stop_token stop)>;
  void AnswerStreams(OnStream answer) {
    absl::MutexLock lock(&mutex_);
    on_stream_ = std::move(answer);
  }
  void SetRaw(const std::string& path, const std::string& body) {
    absl::MutexLock lock(&mutex_);
    raw_[path] = body;
  }
  // Each write that went through or was refused, as "apply envoyfilters.networking.istio.io
  // shop/tap"; those that changed nothing end in " (unchanged)".
  std::vector<std::string> writes() const {
    absl::MutexLock lock(&mutex_);
    return writes_;
  }
  void ClearWrites() {
    absl::MutexLock lock(&mutex_);
    writes_.clear();
  }
  int watches() const {
    absl::MutexLock lock(&mutex_);
    return watches_;
  }
  // All objects of a kind, in the order of their keys.
  std::vector<Object> All(const Resource& resource) const {
    absl::MutexLock lock(&mutex_);
    std::vector<Object> out;
    const auto found = objects_.find(resource.Name());
    if (found == objects_.end()) return out;
    for (const auto& [key, stored] : found->second) out.push_back(stored.object);
    return out;
  }

  // --- KubeClient

  StatusOr<Object> Get(const Resource& resource, const kube::ObjectKey& key,
                       const kube::CallOptions&) override {
    absl::MutexLock lock(&mutex_);
    TT_RETURN_IF_ERROR(TakeFailure("get", resource));
    const Stored* stored = Find(resource, key);
    if (stored == nullptr) return NotFound("get", resource, key);
    return stored->object;
  }

  StatusOr<std::string> List(const Resource& resource, const kube::ListOptions& options,
                             const std::function<void(Object)>& each) override {
    std::vector<Object> objects;
    std::string version;
    {
      absl::MutexLock lock(&mutex_);
      TT_RETURN_IF_ERROR(TakeFailure("list", resource));
      if (!options.resource_version.empty() && std::stoll(options.resource_version) > version_) {
        return Refuse(504, "Timeout", "Too large resource version", "list", resource.Name(),
                      "ResourceVersionTooLarge");
      }
      for (const auto& [key, stored] : objects_[resource.Name()]) {
        if (Selects(options, stored.object)) objects.push_back(stored.object);
      }
      version = std::to_string(version_);
    }
    for (auto& object : objects) each(std::move(object));
    return version;
  }

  Status Watch(const Resource& resource, const kube::WatchOptions& options,
               const std::function<void(kube::WatchEvent)>& on_event,
               std::stop_token stop) override {
    const std::stop_callback wake(stop, [this] {
      absl::MutexLock lock(&mutex_);
      changed_.SignalAll();
    });
    absl::MutexLock lock(&mutex_);
    TT_RETURN_IF_ERROR(TakeFailure("watch", resource));
    if (options.resource_version.empty()) return InvalidVersion(resource);
    int64_t seen = std::stoll(options.resource_version);
    if (seen < compacted_) return Expired("watch", resource);
    const int epoch = watch_epoch_;
    ++watches_;
    changed_.SignalAll();
    while (!stop.stop_requested() && epoch == watch_epoch_) {
      auto events = EventsAfter(resource, options, &seen);
      if (events.empty()) {
        changed_.Wait(&mutex_);
        continue;
      }
      mutex_.Unlock();
      for (auto& event : events) on_event(std::move(event));
      mutex_.Lock();
    }
    --watches_;
    return stop.stop_requested() ? absl::OkStatus() : watch_end_;
  }

  StatusOr<Object> Apply(const Resource& resource, const Object& object,
                         const kube::ApplyOptions& options) override {
    return ApplyPart("apply", resource, object, options, /*status=*/false);
  }

  StatusOr<Object> ApplyStatus(const Resource& resource, const Object& object,
                               const kube::ApplyOptions& options) override {
    return ApplyPart("apply_status", resource, object, options, /*status=*/true);
  }

  StatusOr<Object> Create(const Resource& resource, const Object& object,
                          const kube::CallOptions& options) override {
    std::function<Object(Object)> review;
    {
      absl::MutexLock lock(&mutex_);
      TT_RETURN_IF_ERROR(TakeFailure("create", resource));
      if (const auto found = reviews_.find(resource.Name()); found != reviews_.end()) {
        review = found->second;
      }
    }
    if (review) return review(object);
    absl::MutexLock lock(&mutex_);
    Write("create", resource, object.key());
    if (Find(resource, object.key()) != nullptr) {
      return Refuse(409, "AlreadyExists", "already exists", "create", Name(resource, object.key()));
    }
    Object filled = object;
    Fill(resource, &filled);
    Name(&filled);
    if (options.dry_run) return filled;
    return Replace(resource, &objects_[resource.Name()][filled.key()], filled, "create");
  }

  StatusOr<Object> Update(const Resource& resource, const Object& object,
                          const kube::CallOptions&) override {
    absl::MutexLock lock(&mutex_);
    TT_RETURN_IF_ERROR(TakeFailure("update", resource));
    Write("update", resource, object.key());
    Stored* stored = Find(resource, object.key());
    if (stored == nullptr) return NotFound("update", resource, object.key());
    TT_RETURN_IF_ERROR(
        Require("update", resource, *stored, object.uid(), object.resource_version()));
    return Replace(resource, stored, object, "update");
  }

  Status Delete(const Resource& resource, const kube::ObjectKey& key,
                const kube::DeleteOptions& options) override {
    absl::MutexLock lock(&mutex_);
    TT_RETURN_IF_ERROR(TakeFailure("delete", resource));
    Write("delete", resource, key);
    Stored* stored = Find(resource, key);
    if (stored == nullptr) return NotFound("delete", resource, key);
    TT_RETURN_IF_ERROR(Require("delete", resource, *stored, options.uid, options.resource_version));
    if (!HasFinalizers(stored->object)) {
      Erase(resource, key);
    } else if (!stored->object.deleting()) {
      stored->object.value()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
      Commit(resource, stored, kube::WatchEvent::Type::kModified);
    }
    return absl::OkStatus();
  }

  StatusOr<std::string> GetRaw(const std::string& path, const kube::CallOptions&) override {
    absl::MutexLock lock(&mutex_);
    const auto found = raw_.find(path);
    if (found == raw_.end()) return Refuse(404, "NotFound", "no such path", "get", path);
    return found->second;
  }

  Status Stream(const std::string& path, const kube::StreamOptions&,
                const kube::StreamHandlers& handlers, std::stop_token stop) override {
    OnStream answer;
    {
      absl::MutexLock lock(&mutex_);
      answer = on_stream_;
    }
    if (!answer) return Refuse(404, "NotFound", "no such path", "stream", path);
    return answer(path, handlers, stop);
  }

 private:
  struct Stored {
    Object object;
    std::map<std::string, std::set<std::string>> owned;  // leaves by field manager
  };
  struct HistoryEntry {
    int64_t version;
    std::string resource;
    kube::WatchEvent event;
  };
  using Json = kube::Json;

  static std::string Name(const Resource& resource, const kube::ObjectKey& key) {
    return resource.Name() + " " + key.ToString();
  }
  static Status Refuse(int code, const std::string& reason, const std::string& message,
                       const std::string& verb, const std::string& object,
                       const std::string& cause = "") {
    return kube::ToStatus({code, reason, cause, message, std::nullopt}, verb, object);
  }
  static Status NotFound(const std::string& verb, const Resource& resource,
                         const kube::ObjectKey& key) {
    return Refuse(404, "NotFound", "not found", verb, Name(resource, key));
  }
  static Status Expired(const std::string& verb, const Resource& resource) {
    return Refuse(410, "Expired", "too old resource version", verb, resource.Name());
  }
  static Status InvalidVersion(const Resource& resource) {
    return absl::UnimplementedError("the fake watches from a version only: " + resource.Name());
  }

  Status TakeFailure(const std::string& verb, const Resource& resource)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto& waiting = failures_[verb + " " + resource.Name()];
    if (waiting.empty()) return absl::OkStatus();
    Status status = waiting.front();
    waiting.pop_front();
    return status;
  }

  void Write(const std::string& verb, const Resource& resource, const kube::ObjectKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writes_.push_back(verb + " " + Name(resource, key));
  }

  Stored* Find(const Resource& resource, const kube::ObjectKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto& kind = objects_[resource.Name()];
    const auto found = kind.find(key);
    return found == kind.end() ? nullptr : &found->second;
  }

  static Status Require(const std::string& verb, const Resource& resource, const Stored& stored,
                        const std::string& uid, const std::string& version) {
    const bool same = (uid.empty() || uid == stored.object.uid()) &&
                      (version.empty() || version == stored.object.resource_version());
    if (same) return absl::OkStatus();
    return Refuse(409, "Conflict", "precondition failed: the object has been modified", verb,
                  Name(resource, stored.object.key()));
  }

  static bool HasFinalizers(const Object& object) {
    const Json* finalizers = object.Find("/metadata/finalizers");
    return finalizers != nullptr && finalizers->is_array() && !finalizers->empty();
  }

  static void Fill(const Resource& resource, Object* object) {
    Json& value = object->value();
    if (!value.contains("apiVersion")) value["apiVersion"] = resource.ApiVersion();
    if (!value.contains("kind")) value["kind"] = resource.kind;
  }

  // As the server does with metadata.generateName.
  void Name(Object* object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::string prefix = object->Text("/metadata/generateName");
    if (!object->name().empty() || prefix.empty()) return;
    object->value()["metadata"]["name"] = fmt::format("{}{:05}", prefix, ++names_);
  }

  // What no manager owns.
  static void DropSystemFields(Json* value) {
    value->erase("apiVersion");
    value->erase("kind");
    const auto metadata = value->find("metadata");
    if (metadata == value->end()) return;
    for (const char* field : {"name", "namespace", "uid", "resourceVersion", "generation",
                              "creationTimestamp", "deletionTimestamp", "managedFields"}) {
      metadata->erase(field);
    }
    if (metadata->empty()) value->erase(metadata);
  }

  static FieldSet::Leaves OwnedLeaves(const Object& object) {
    Json value = object.value();
    DropSystemFields(&value);
    if (value.empty()) return {};
    return FieldSet::LeavesOf(FieldSet::ToKeyed(value));
  }

  static Json SpecOf(const Object& object) {
    Json value = object.value();
    for (const char* field : {"apiVersion", "kind", "metadata", "status"}) value.erase(field);
    return value;
  }

  StatusOr<Object> Replace(const Resource& resource, Stored* stored, Object object,
                           const std::string& manager) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool added = stored->object.value().empty();
    const auto before = OwnedLeaves(stored->object);
    const auto after = OwnedLeaves(object);
    const Object old = std::exchange(stored->object, std::move(object));
    for (const auto& [leaf, value] : after) {
      const auto was = before.find(leaf);
      if (was != before.end() && was->second == value) continue;
      for (auto& [name, leaves] : stored->owned) leaves.erase(leaf);
      stored->owned[manager].insert(leaf);
    }
    Keep(old, &stored->object);
    if (!added && before == after) return stored->object;
    return Finish(resource, stored, old);
  }

  // Fields that only the server sets.
  static void Keep(const Object& old, Object* object) {
    for (const char* field :
         {"uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp"}) {
      const Json* value = old.Find(std::string("/metadata/") + field);
      if (value != nullptr) object->value()["metadata"][field] = *value;
    }
  }

  StatusOr<Object> Finish(const Resource& resource, Stored* stored, const Object& old)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool added = old.value().empty();
    Json& metadata = stored->object.value()["metadata"];
    if (added) {
      metadata["uid"] = fmt::format("uid-{}", ++uids_);
      metadata["creationTimestamp"] = "2026-01-01T00:00:00Z";
      metadata["generation"] = 1;
    } else if (SpecOf(old) != SpecOf(stored->object)) {
      metadata["generation"] = old.generation() + 1;
    }
    using Type = kube::WatchEvent::Type;
    if (stored->object.deleting() && !HasFinalizers(stored->object)) {
      Object last = stored->object;
      Erase(resource, last.key());
      return last;
    }
    return Commit(resource, stored, added ? Type::kAdded : Type::kModified);
  }

  Object Commit(const Resource& resource, Stored* stored, kube::WatchEvent::Type type)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    stored->object.value()["metadata"]["resourceVersion"] = std::to_string(++version_);
    Tell(resource, {type, stored->object});
    return stored->object;
  }

  void Erase(const Resource& resource, const kube::ObjectKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Stored* stored = Find(resource, key);
    if (stored == nullptr) return;
    Commit(resource, stored, kube::WatchEvent::Type::kDeleted);
    objects_[resource.Name()].erase(key);
  }

  void Tell(const Resource& resource, kube::WatchEvent event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    history_.push_back({version_, resource.Name(), std::move(event)});
    changed_.SignalAll();
  }

  StatusOr<Object> ApplyPart(const std::string& verb, const Resource& resource,
                             const Object& object, const kube::ApplyOptions& options, bool status)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    TT_RETURN_IF_ERROR(TakeFailure(verb, resource));
    if (limit_spent_ && options.gives_way) return absl::ResourceExhaustedError("gives way");
    Write(verb, resource, object.key());
    const Stored* found = Find(resource, object.key());
    if (found == nullptr && status) return NotFound(verb, resource, object.key());
    Stored next = found == nullptr ? Stored{} : *found;
    if (found != nullptr) {
      TT_RETURN_IF_ERROR(Require(verb, resource, next, object.uid(), object.resource_version()));
    } else if (!object.uid().empty()) {
      return Refuse(409, "Conflict", "uid of an object that is not there", verb,
                    Name(resource, object.key()));
    }
    TT_RETURN_IF_ERROR(Merge(verb, resource, object, options, status, &next));
    if (options.dry_run) return next.object;
    Stored& stored = objects_[resource.Name()][object.key()];
    const Object old = stored.object;
    const bool same = found != nullptr && old == next.object && stored.owned == next.owned;
    stored = std::move(next);
    if (same) writes_.back() += " (unchanged)";
    return same ? StatusOr<Object>(stored.object) : Finish(resource, &stored, old);
  }

  // kubernetes.io "Server-Side Apply": what this manager applied before and leaves out now goes,
  // unless another one owns it too; another value than another manager's is a conflict.
  static Status Merge(const std::string& verb, const Resource& resource, const Object& object,
                      const kube::ApplyOptions& options, bool status, Stored* next) {
    FieldSet::Leaves wanted = OwnedLeaves(object);
    std::erase_if(wanted, [status](const auto& leaf) {
      const bool in_status = leaf.first == "/status" || leaf.first.rfind("/status/", 0) == 0;
      return in_status != status;
    });
    const std::string scope = status ? options.field_manager + "/status" : options.field_manager;
    Json keyed = FieldSet::ToKeyed(next->object.value());
    for (const auto& [leaf, value] : wanted) {
      const Json::json_pointer at(leaf);
      const bool differs = !keyed.contains(at) || keyed[at] != value;
      for (auto& [manager, leaves] : next->owned) {
        if (!differs || manager == scope || leaves.count(leaf) == 0) continue;
        if (!options.force) {
          return Refuse(409, "Conflict", fmt::format("conflict with \"{}\": {}", manager, leaf),
                        verb, Name(resource, object.key()), "FieldManagerConflict");
        }
        leaves.erase(leaf);
      }
    }
    std::set<std::string> mine;
    for (const auto& [leaf, value] : wanted) mine.insert(leaf);
    for (const auto& leaf : std::exchange(next->owned[scope], mine)) {
      if (mine.count(leaf) == 0 && !OwnedByAny(*next, leaf)) FieldSet::Remove(&keyed, leaf);
    }
    for (const auto& [leaf, value] : wanted) keyed[Json::json_pointer(leaf)] = value;
    next->object = Object(FieldSet::FromKeyed(keyed));
    Fill(resource, &next->object);
    next->object.value()["metadata"]["name"] = object.name();
    if (!object.ns().empty()) next->object.value()["metadata"]["namespace"] = object.ns();
    return absl::OkStatus();
  }

  static bool OwnedByAny(const Stored& stored, const std::string& leaf) {
    return std::any_of(stored.owned.begin(), stored.owned.end(),
                       [&](const auto& manager) { return manager.second.count(leaf) > 0; });
  }

  template <typename Options>
  static bool Selects(const Options& options, const Object& object) {
    if (!options.ns.empty() && object.ns() != options.ns) return false;
    return SelectsLabels(options.label_selector, object) &&
           SelectsFields(options.field_selector, object);
  }

  // "a=b,c": equality and presence.
  static bool SelectsLabels(const std::string& selector, const Object& object) {
    const auto labels = object.labels();
    return EachTerm(selector, [&](const std::string& name, const std::string* value) {
      const auto found = labels.find(name);
      return found != labels.end() && (value == nullptr || found->second == *value);
    });
  }
  static bool SelectsFields(const std::string& selector, const Object& object) {
    return EachTerm(selector, [&](const std::string& name, const std::string* value) {
      if (value == nullptr) return false;
      return (name == "metadata.name" && object.name() == *value) ||
             (name == "metadata.namespace" && object.ns() == *value);
    });
  }
  template <typename Match>
  static bool EachTerm(const std::string& selector, const Match& match) {
    size_t begin = 0;
    while (begin < selector.size()) {
      const size_t end = std::min(selector.find(',', begin), selector.size());
      const std::string term = selector.substr(begin, end - begin);
      const size_t equals = term.find('=');
      const std::string value = equals == std::string::npos ? "" : term.substr(equals + 1);
      if (!match(term.substr(0, equals), equals == std::string::npos ? nullptr : &value)) {
        return false;
      }
      begin = end + 1;
    }
    return true;
  }

  std::vector<kube::WatchEvent> EventsAfter(const Resource& resource,
                                            const kube::WatchOptions& options, int64_t* seen)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<kube::WatchEvent> out;
    for (const auto& entry : history_) {
      if (entry.version <= *seen || entry.resource != resource.Name()) continue;
      const bool bookmark = entry.event.type == kube::WatchEvent::Type::kBookmark;
      if (bookmark || Selects(options, entry.event.object)) out.push_back(entry.event);
    }
    *seen = version_;
    return out;
  }

  bool CollectOnce(const std::string& resource) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::set<std::string> uids;
    for (const auto& [name, kind] : objects_) {
      for (const auto& [key, stored] : kind) uids.insert(stored.object.uid());
    }
    auto& kind = objects_[resource];
    for (auto& [key, stored] : kind) {
      const auto owners = stored.object.owner_references();
      const bool orphan =
          !owners.empty() && std::none_of(owners.begin(), owners.end(), [&](const auto& owner) {
            return uids.count(owner.uid) > 0;
          });
      if (!orphan) continue;
      stored.object.value()["metadata"]["resourceVersion"] = std::to_string(++version_);
      history_.push_back({version_, resource, {kube::WatchEvent::Type::kDeleted, stored.object}});
      kind.erase(key);
      changed_.SignalAll();
      return true;
    }
    return false;
  }

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<std::string, std::map<kube::ObjectKey, Stored>> objects_ ABSL_GUARDED_BY(mutex_);
  std::vector<HistoryEntry> history_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::deque<Status>> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::function<Object(Object)>> reviews_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> raw_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> writes_ ABSL_GUARDED_BY(mutex_);
  int64_t version_ ABSL_GUARDED_BY(mutex_) = 100;
  int64_t compacted_ ABSL_GUARDED_BY(mutex_) = 0;
  OnStream on_stream_ ABSL_GUARDED_BY(mutex_);
  bool limit_spent_ ABSL_GUARDED_BY(mutex_) = false;
  int uids_ ABSL_GUARDED_BY(mutex_) = 0;
  int names_ ABSL_GUARDED_BY(mutex_) = 0;
  int watch_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  Status watch_end_ ABSL_GUARDED_BY(mutex_);
  int watches_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::fakes
