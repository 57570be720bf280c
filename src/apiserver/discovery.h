// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "web/http_message.h"

namespace traffictap::apiserver {

inline constexpr char kGroup[] = "tap.traffictap.io";
inline constexpr char kVersion[] = "v1alpha1";
inline constexpr char kApiService[] = "v1alpha1.tap.traffictap.io";

// Of the programs behind this API, such as "0.1.0"; empty: not known.
struct ServedVersions {
  std::string collector_version = {};
  std::string operator_version = {};
  // Of several collectors: the name of each that did not tell its own, and why.
  std::vector<std::pair<std::string, std::string>> missing = {};
};

using TellVersions = std::function<void(const ServedVersions& versions)>;

// Where "versions" are told below: "/apis/GROUP/VERSION".
std::string VersionPath();

// What the API server and kubectl ask of every API: "/apis" (as apidiscovery.k8s.io/v2 where that
// is accepted), "/apis/GROUP", "/apis/GROUP/VERSION", "/openapi/v2" and "/openapi/v3". 404 for
// others. The answer to "/apis/GROUP/VERSION" has `versions` too, in a field "trafficTap" of our own:
// whoever may ask the API server for its version may read it.
web::HttpResponse AnswerDiscovery(const web::HttpRequest& request,
                                  const ServedVersions& versions = {});

}  // namespace traffictap::apiserver
