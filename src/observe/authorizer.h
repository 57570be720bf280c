#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace traffictap::observe {

// Who reads, and what they may see. A value: whoever holds it asks again when it gets old.
struct Access {
  std::string user;
  std::vector<std::string> groups = {};
  bool everything = false;                // all namespaces, and what concerns the whole collector
  std::set<std::string> namespaces = {};  // otherwise: these

  // `ns` is empty for what is not of one namespace (a ClusterTrafficTap).
  bool MayRead(const std::string& ns) const {
    return everything || (!ns.empty() && namespaces.contains(ns));
  }
};

// What a request says of who sent it.
struct Credentials {
  std::string authorization;  // the header's value
  std::string peer;           // IP:PORT of the connection, for the audit log
};

// Decides who may read live records. Standalone: one token opens everything. In a cluster: an
// implementation that asks the API server whether the user may `watch` the tap's namespace.
// Thread-safe.
class Authorizer {
 public:
  using Done = std::function<void(StatusOr<Access>)>;

  virtual ~Authorizer() = default;
  // Which of `namespaces` the sender may read. Calls `done` once, on any thread, also before it
  // returns. kUnauthenticated: nobody known; kUnavailable: cannot tell now. An open stream asks
  // again every recheck interval, and ends when it gets an error.
  virtual void Authorize(const Credentials& credentials, const std::set<std::string>& namespaces,
                         Done done) = 0;
};

}  // namespace traffictap::observe
