// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
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

// A user as the Kubernetes API server knows one (authentication.k8s.io/v1 UserInfo).
struct User {
  std::string name = {};  // empty: nobody
  std::string uid = {};
  std::vector<std::string> groups = {};
  std::map<std::string, std::vector<std::string>> extra = {};

  auto operator<=>(const User&) const = default;
};

// What is known of who sent a request.
struct Credentials {
  std::string authorization = {};  // the header's value
  std::string peer = {};           // IP:PORT of the connection, for the audit log
  User user = {};                  // whom a trusted proxy vouches for
};

// Decides who may read live records: observe::TokenAuthorizer standalone, in a cluster
// apiserver::AccessReviewer. Thread-safe.
class Authorizer {
 public:
  using Done = std::function<void(StatusOr<Access>)>;

  virtual ~Authorizer() = default;
  // Which of `namespaces` the sender may read. Calls `done` once, on any thread, also before it
  // returns. kUnauthenticated: nobody known; kUnavailable: cannot tell now. Open streams ask again
  // now and then (web/live_stream.h).
  virtual void Authorize(const Credentials& credentials, const std::set<std::string>& namespaces,
                         Done done) = 0;
};

}  // namespace traffictap::observe
