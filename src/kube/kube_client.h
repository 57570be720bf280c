// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "kube/api_error.h"
#include "kube/object.h"
#include "kube/resource.h"

namespace traffictap::kube {

struct CallOptions {
  // for the whole call, waiting for the write limit included
  base::Nanos timeout = 30 * base::kSecond;
  bool dry_run = false;  // Create: admitted and validated, and not kept
};

struct StreamOptions {
  std::string accept = "application/json";
  base::Nanos silence = 30 * base::kSecond;  // of a server that counts as gone after it
};

// Both are called on the thread that called Stream.
struct StreamHandlers {
  std::function<void()> on_open;                           // the server answers 200; may be null
  std::function<Status(std::string_view bytes)> on_bytes;  // an error ends the stream with it
};

struct ListOptions {
  std::string ns = "";  // empty: all namespaces
  std::string label_selector = "";
  std::string field_selector = "";
  // Empty: the newest state. Otherwise not older than this one.
  std::string resource_version = "";
  int page_size = 500;                       // objects per request; 0: all in one
  base::Nanos timeout = 60 * base::kSecond;  // per page
};

struct WatchOptions {
  std::string ns = "";
  std::string label_selector = "";
  std::string field_selector = "";
  std::string resource_version = "";  // where to go on; empty: the state first, as Added
  // asks the server to end the watch after that long
  base::Nanos duration = 5 * 60 * base::kSecond;
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark };
  Type type = Type::kAdded;
  // The object after the change (kDeleted: as it last was). A bookmark has a resourceVersion and
  // nothing else.
  Object object;
};

struct ApplyOptions {
  std::string field_manager = "";  // constant per program: the API compares it
  bool force = false;  // take over fields of other managers; only for objects that are ours alone
  bool dry_run = false;
  base::Nanos timeout = 30 * base::kSecond;
  // kResourceExhausted rather than waiting for the write limit: other writes go before.
  bool gives_way = false;
};

struct DeleteOptions {
  // Preconditions: kAborted (IsConflict) unless they hold. Empty: not asked for.
  std::string uid = "";
  std::string resource_version = "";
  base::Nanos timeout = 30 * base::kSecond;
};

// The Kubernetes API. Blocking calls, each with a deadline; thread-safe. Errors carry an ApiError
// where the server answered; kUnavailable and kDeadlineExceeded without one mean that it did not.
// Nothing retries inside.
class KubeClient {
 public:
  virtual ~KubeClient() = default;

  virtual StatusOr<Object> Get(const Resource& resource, const ObjectKey& key,
                               const CallOptions& options) = 0;

  // Calls `each` for every object, page by page, on the calling thread, and returns the
  // resourceVersion of the whole list, from where a watch goes on. Each object has apiVersion and
  // kind. After an error some may have been seen.
  virtual StatusOr<std::string> List(const Resource& resource, const ListOptions& options,
                                     const std::function<void(Object)>& each) = 0;

  // Calls `on_event` on the calling thread until the server ends the watch (OK), `stop` is
  // requested (OK, within a second), or something fails. An ERROR event ends the watch and is its
  // result: IsGone means list again. A server that says nothing at all for 80 s counts as gone:
  // kUnavailable.
  virtual Status Watch(const Resource& resource, const WatchOptions& options,
                       const std::function<void(WatchEvent)>& on_event, std::stop_token stop) = 0;

  // Server-side apply: creates or changes. `object` holds all fields that this manager owns and no
  // others. Where nothing changes the result has the resourceVersion that the object had before. A
  // field of another manager is IsFieldManagerConflict. A metadata.uid or resourceVersion in
  // `object` is a precondition.
  virtual StatusOr<Object> Apply(const Resource& resource, const Object& object,
                                 const ApplyOptions& options) = 0;
  // The same on the status subresource. kNotFound: the object is gone (status never creates).
  virtual StatusOr<Object> ApplyStatus(const Resource& resource, const Object& object,
                                       const ApplyOptions& options) = 0;

  virtual StatusOr<Object> Create(const Resource& resource, const Object& object,
                                  const CallOptions& options) = 0;
  // Replaces the whole object. Where it has a resourceVersion, IsConflict if that is no longer the
  // current one.
  virtual StatusOr<Object> Update(const Resource& resource, const Object& object,
                                  const CallOptions& options) = 0;
  // kNotFound: already gone. Dependents are left to the garbage collector.
  virtual Status Delete(const Resource& resource, const ObjectKey& key,
                        const DeleteOptions& options) = 0;

  // The body of a GET, for what is no object: "/version", "/readyz".
  virtual StatusOr<std::string> GetRaw(const std::string& path, const CallOptions& options) = 0;
  // The same for a body that goes on: its bytes as they come, until the server ends it (OK), `stop`
  // is requested (kCancelled), or something fails. kUnavailable: the connection broke or fell
  // silent; kResourceExhausted: `on_bytes` is too slow for what comes.
  virtual Status Stream(const std::string& path, const StreamOptions& options,
                        const StreamHandlers& handlers, std::stop_token stop) = 0;
};

}  // namespace traffictap::kube
