// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "observe/authorizer.h"

namespace traffictap::web {

// Lets max, of dev and ops, into the namespaces that a test names; none named: everywhere. It does
// not know whoever says "bad".
struct NamespaceAuthorizer final : observe::Authorizer {
  void Authorize(const observe::Credentials& credentials, const std::set<std::string>&,
                 Done done) override {
    if (credentials.authorization == "bad") return done(absl::UnauthenticatedError("who?"));
    done(observe::Access{.user = "max",
                         .groups = {"dev", "ops"},
                         .everything = namespaces.empty(),
                         .namespaces = namespaces});
  }
  std::set<std::string> namespaces;
};

}  // namespace traffictap::web
