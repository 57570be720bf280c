// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "web/http_message.h"

namespace traffictap::apiserver {

inline constexpr char kGroup[] = "tap.traffictap.io";
inline constexpr char kVersion[] = "v1alpha1";
inline constexpr char kApiService[] = "v1alpha1.tap.traffictap.io";

// What the API server and kubectl ask of every API: "/apis" (as apidiscovery.k8s.io/v2 where that
// is accepted), "/apis/GROUP", "/apis/GROUP/VERSION", "/openapi/v2" and "/openapi/v3". 404 for
// others.
web::HttpResponse AnswerDiscovery(const web::HttpRequest& request);

}  // namespace traffictap::apiserver
