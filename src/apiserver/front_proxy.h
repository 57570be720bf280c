// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "kube/object.h"
#include "observe/authorizer.h"
#include "web/http_message.h"

namespace traffictap::apiserver {

// Where the API server says how its front proxy shows itself (kubernetes.io "Configure the
// Aggregation Layer").
inline const kube::ObjectKey kFrontProxyConfigMap = {"kube-system",
                                                     "extension-apiserver-authentication"};

// Whom to believe about users, and where it writes them. Header names are in lower case.
struct FrontProxy {
  std::string client_ca;                   // PEM
  std::vector<std::string> allowed_names;  // of its certificate; empty: any that the CA has signed
  std::vector<std::string> name_headers;
  std::vector<std::string> uid_headers;
  std::vector<std::string> group_headers;
  std::vector<std::string> extra_prefixes;

  bool operator==(const FrontProxy&) const = default;
};

// kFailedPrecondition: the API server has no front proxy, or the ConfigMap cannot be read.
StatusOr<FrontProxy> ReadFrontProxy(const kube::Object& config_map);

// A reader (--role reader) shows a certificate of `client_ca` (PEM), and names users as the API
// server does by default.
FrontProxy FrontProxyOfReaders(std::string client_ca);

// The headers by which such a reader names `user`.
std::vector<std::pair<std::string, std::string>> HeadersOf(const observe::User& user);

// The user that `request` is from. kUnauthenticated: it is not the front proxy's, or names no user,
// or more than one.
StatusOr<observe::User> ReadUser(const FrontProxy& front_proxy, const web::HttpRequest& request);

}  // namespace traffictap::apiserver
