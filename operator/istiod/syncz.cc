// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz.h"

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

ProxySync ReadProxy(const Json& proxy) {
  ProxySync out;
  std::string sent = Text(proxy, "listener_sent");
  std::string acked = Text(proxy, "listener_acked");
  const auto resources = proxy.find("resources");
  if (resources != proxy.end() && resources->is_object() && resources->contains(kListeners) &&
      (*resources)[kListeners].is_object()) {
    const Json& listeners = (*resources)[kListeners];
    sent = Text(listeners, "sent");
    acked = Text(listeners, "acked");
    out.sent = ReadTime(Text(listeners, "sentTime"));
    out.refusal = Text(listeners, "lastError");
  }
  out.acknowledged = !sent.empty() && sent == acked && out.refusal.empty();
  return out;
}

}  // namespace

Status ReadSyncz(const std::string& json, ProxySyncs* proxies) {
  const Json list = Json::parse(json, nullptr, false);
  if (!list.is_array()) return absl::InvalidArgumentError("read syncz: not a list of proxies");
  for (const Json& proxy : list) {
    if (!proxy.is_object()) continue;
    const std::string id = Text(proxy, "proxy");
    if (!id.empty()) (*proxies)[id] = ReadProxy(proxy);
  }
  return absl::OkStatus();
}

}  // namespace traffictap::istiod
