// SPDX-License-Identifier: Apache-2.0
#include "apiserver/discovery.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "web/site_guard.h"

namespace traffictap::apiserver {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kAggregatedType[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

struct ResourceEntry {
  const char* plural;
  const char* singular;
  const char* kind;
  const char* verb;
};

// No `list` together with `watch`: what lists and watches whatever it can would open streams.
constexpr std::array<ResourceEntry, 5> kResources = {{{"pairs", "pair", "Pair", "watch"},
                                                      {"summaries", "summary", "Summary", "get"},
                                                      {"taps", "tap", "Tap", "get"},
                                                      {"files", "file", "File", "get"},
                                                      {"dumps", "dump", "Dump", "create"}}};

std::string GroupVersion() { return fmt::format("{}/{}", kGroup, kVersion); }

Json VersionJson() { return {{"groupVersion", GroupVersion()}, {"version", kVersion}}; }

Json GroupJson() {
  return {{"name", kGroup},
          {"versions", Json::array({VersionJson()})},
          {"preferredVersion", VersionJson()}};
}

Json Group() {
  Json out = {{"kind", "APIGroup"}, {"apiVersion", "v1"}};
  out.update(GroupJson());
  return out;
}

Json Groups() {
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array({GroupJson()})}};
}

Json VersionsJson(const ServedVersions& versions) {
  Json out = Json::object();
  if (!versions.collector_version.empty()) out["collectorVersion"] = versions.collector_version;
  if (!versions.operator_version.empty()) out["operatorVersion"] = versions.operator_version;
  for (const auto& [pairer, reason] : versions.missing) {
    out["partial"]["missing"].push_back({{"pairer", pairer}, {"reason", reason}});
  }
  return out;
}

Json Resources(const ServedVersions& versions) {
  Json resources = Json::array();
  for (const auto& [plural, singular, kind, verb] : kResources) {
    resources.push_back({{"name", plural},
                         {"singularName", singular},
                         {"namespaced", true},
                         {"kind", kind},
                         {"verbs", Json::array({verb})}});
  }
  Json out = {{"kind", "APIResourceList"},
              {"apiVersion", "v1"},
              {"groupVersion", GroupVersion()},
              {"resources", std::move(resources)}};
  // Clients of Kubernetes pass over what they do not know.
  if (Json told = VersionsJson(versions); !told.empty()) out["trafficTap"] = std::move(told);
  return out;
}

// Groups and resources at once (apidiscovery.k8s.io/v2 APIGroupDiscoveryList).
Json Aggregated() {
  Json resources = Json::array();
  for (const auto& [plural, singular, kind, verb] : kResources) {
    resources.push_back(
        {{"resource", plural},
         {"responseKind", {{"group", kGroup}, {"version", kVersion}, {"kind", kind}}},
         {"scope", "Namespaced"},
         {"singularResource", singular},
         {"verbs", Json::array({verb})}});
  }
  const Json version = {
      {"version", kVersion}, {"resources", std::move(resources)}, {"freshness", "Current"}};
  const Json group = {{"metadata", {{"name", kGroup}}}, {"versions", Json::array({version})}};
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/v2"},
          {"metadata", Json::object()},
          {"items", Json::array({group})}};
}

web::HttpResponse Respond(const Json& document, const std::string& content_type) {
  web::HttpResponse out;
  out.content_type = content_type;
  out.body = document.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  return out;
}

bool AcceptsAggregated(const web::HttpRequest& request) {
  const std::string& accept = request.header("accept");
  return accept.find(kAggregatedType) != std::string::npos;
}

// The answers are no objects with a schema.
Json OpenApiV2() {
  return {{"swagger", "2.0"},
          {"info", {{"title", "TrafficTap live records"}, {"version", kVersion}}},
          {"paths", Json::object()}};
}

}  // namespace

std::string VersionPath() { return "/apis/" + GroupVersion(); }

web::HttpResponse AnswerDiscovery(const web::HttpRequest& request, const ServedVersions& versions) {
  std::string path = request.path;
  while (path.ends_with('/')) path.pop_back();
  constexpr char kJson[] = "application/json";
  if (path == "/apis" && AcceptsAggregated(request)) {
    return Respond(Aggregated(), kAggregatedType);
  }
  if (path == "/apis") return Respond(Groups(), kJson);
  if (path == fmt::format("/apis/{}", kGroup)) return Respond(Group(), kJson);
  if (path == VersionPath()) return Respond(Resources(versions), kJson);
  if (path == "/openapi/v2") return Respond(OpenApiV2(), kJson);
  if (path == "/openapi/v3") return Respond({{"paths", Json::object()}}, kJson);
  return web::FailureResponse(
      absl::NotFoundError("the server could not find the requested resource"));
}

}  // namespace traffictap::apiserver
