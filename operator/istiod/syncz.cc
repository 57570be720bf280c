// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz.h"

#include "absl/strings/numbers.h"
#include "base/rfc3339.h"
#include "nlohmann/json.hpp"

namespace traffictap::istiod {
namespace {

using Json = nlohmann::json;

constexpr const char* kListeners = "type.googleapis.com/envoy.config.listener.v3.Listener";

std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

base::Nanos ReadTime(const std::string& text) { return base::ParseRfc3339(text).value_or(0); }

// A nonce is the version of its push with a UUID right behind it (pilot/pkg/xds/discovery.go of Istio):
// "2026-11-24T22:28:34Z/35550e8400-e29b-41d4-a716-446655440000". Releases that tracked the distribution
// of configuration had a hash in the version's place, or nothing.
std::optional<PushVersion> ReadPush(const std::string& nonce) {
  constexpr size_t kUuidChars = 36;
  if (nonce.size() <= kUuidChars) return std::nullopt;
  const std::string version = nonce.substr(0, nonce.size() - kUuidChars);
  const size_t slash = version.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto made = base::ParseRfc3339(version.substr(0, slash));
  PushVersion out;
  if (!made || !absl::SimpleAtoi(version.substr(slash + 1), &out.number)) return std::nullopt;
  out.made = *made;
  return out;
}

void NoteNewest(const std::optional<PushVersion>& push, std::optional<PushVersion>* newest) {
  if (push && (!*newest || IsAfter(*push, **newest))) *newest = push;
}

ProxySync ReadProxy(const Json& proxy, const std::string& istiod) {
  ProxySync out;
  out.istiod = istiod;
  std::string sent = Text(proxy, "listener_sent");
  std::string acked = Text(proxy, "listener_acked");
  for (const char* type : {"cluster_sent", "listener_sent", "route_sent", "endpoint_sent"}) {
    NoteNewest(ReadPush(Text(proxy, type)), &out.newest);
  }
  const auto resources = proxy.find("resources");
  if (resources != proxy.end() && resources->is_object() && resources->contains(kListeners) &&
      (*resources)[kListeners].is_object()) {
    const Json& listeners = (*resources)[kListeners];
    sent = Text(listeners, "sent");
    acked = Text(listeners, "acked");
    out.sent = ReadTime(Text(listeners, "sentTime"));
    out.refusal = Text(listeners, "lastError");
  }
  out.push = ReadPush(sent);
  out.acknowledged = !sent.empty() && sent == acked && out.refusal.empty();
  return out;
}

}  // namespace

bool IsAfter(const PushVersion& push, const PushVersion& other) {
  return push.number > other.number || push.made > other.made;
}

void NotePush(const std::string& istiod, const PushVersion& push, PushVersions* newest) {
  const auto [noted, fresh] = newest->emplace(istiod, push);
  if (!fresh && IsAfter(push, noted->second)) noted->second = push;
}

Status ReadSyncz(const std::string& json, const std::string& istiod, ProxySyncs* proxies) {
  const Json list = Json::parse(json, nullptr, false);
  if (!list.is_array()) return absl::InvalidArgumentError("read syncz: not a list of proxies");
  for (const Json& proxy : list) {
    if (!proxy.is_object()) continue;
    const std::string id = Text(proxy, "proxy");
    if (!id.empty()) (*proxies)[id] = ReadProxy(proxy, istiod);
  }
  return absl::OkStatus();
}

PushVersions NewestPushes(const ProxySyncs& proxies) {
  PushVersions out;
  for (const auto& [id, proxy] : proxies) {
    if (proxy.newest) NotePush(proxy.istiod, *proxy.newest, &out);
  }
  return out;
}

}  // namespace traffictap::istiod
