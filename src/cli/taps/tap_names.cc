// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_names.h"

#include <algorithm>

#include "base/nearest_name.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Json;

// "traffictap.traffictap.io/x", as kubectl prints names, is "x".
std::string WithoutKind(const std::string& name) {
  const size_t slash = name.find('/');
  const std::string kind = name.substr(0, std::min(slash, name.find('.')));
  const std::string group = slash == std::string::npos || kind.size() >= slash
                                ? ""
                                : name.substr(kind.size(), slash - kind.size());
  if (!group.empty() && !group.ends_with(".traffictap.io")) return name;
  for (const char* known :
       {"traffictap", "traffictaps", "ttap", "clustertraffictap", "clustertraffictaps", "cttap"}) {
    if (slash != std::string::npos && kind == known) return name.substr(slash + 1);
  }
  return name;
}

StatusOr<std::vector<std::string>> KeysOfCollector(const Cluster& cluster) {
  const auto body = cluster.client->GetRaw(LivePath(cluster, "taps", false, {}), {});
  if (!body.ok()) return ExplainLive(body.status(), cluster);
  std::vector<std::string> out;
  const kube::Object read(Json::parse(*body, nullptr, false));
  const Json* taps = read.Find("/taps");
  if (taps == nullptr || !taps->is_array()) return out;
  for (const Json& tap : *taps) out.push_back(kube::Object(tap).Text("/tap"));
  return out;
}

StatusOr<std::vector<std::string>> KeysOfCluster(const Cluster& cluster) {
  std::vector<std::string> out;
  const auto add = [&](const kube::Object& tap) { out.push_back(tap.key().ToString()); };
  kube::ListOptions options;
  options.ns = cluster.ns;
  const auto listed = cluster.client->List(kube::kTrafficTaps, options, add);
  if (!listed.ok()) return listed.status();
  // Who may not list these has none of them.
  if (cluster.ns.empty()) (void)cluster.client->List(kube::kClusterTrafficTaps, {}, add);
  return out;
}

std::string Resolve(const std::string& name, const Cluster& cluster,
                    const std::vector<std::string>& known) {
  const std::string bare = WithoutKind(name);
  if (!cluster.standalone) return TapKey(bare, cluster.ns);
  const auto found = std::find_if(known.begin(), known.end(), [&](const std::string& key) {
    return key == bare || key.ends_with("/" + bare);
  });
  return found == known.end() ? bare : *found;
}

// By the name alone, since a namespace that both have would make all of them alike.
std::string NearestTap(const std::string& key, const std::vector<std::string>& known) {
  std::vector<std::string> names;
  for (const auto& one : known) names.push_back(KeyOf(one).name);
  const std::string nearest = base::NearestName(KeyOf(key).name, names);
  const auto found = std::find(names.begin(), names.end(), nearest);
  return found == names.end() ? "" : known[static_cast<size_t>(found - names.begin())];
}

}  // namespace

Argument TapArgument(bool required, std::vector<std::string>* out) {
  Argument tap;
  tap.name = "TAP";
  tap.help = "NAME or NAMESPACE/NAME of a TrafficTap";
  tap.required = required;
  tap.repeats = true;
  tap.completes = Completes::kTaps;
  tap.take = [out](const std::string& name) {
    out->push_back(WithoutKind(name));
    return name.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
  };
  return tap;
}

std::string TapKey(const std::string& name, const std::string& ns) {
  return ns.empty() || name.find('/') != std::string::npos ? name : ns + "/" + name;
}

kube::ObjectKey KeyOf(const std::string& key) {
  const size_t slash = key.find('/');
  if (slash == std::string::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

const kube::Resource& ResourceOf(const kube::ObjectKey& key) {
  return key.ns.empty() ? kube::kClusterTrafficTaps : kube::kTrafficTaps;
}

std::string SharedNamespace(const std::vector<std::string>& names, const std::string& ns) {
  std::string shared = ns;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string own = KeyOf(TapKey(names[i], ns)).ns;
    if (i > 0 && own != shared) return "";
    shared = own;
  }
  return shared;
}

StatusOr<std::vector<std::string>> FindTaps(const Cluster& cluster,
                                            const std::vector<std::string>& names) {
  std::vector<std::string> out;
  if (names.empty()) return out;
  const auto known = cluster.standalone ? KeysOfCollector(cluster) : KeysOfCluster(cluster);
  if (!known.ok()) return known.status();
  for (const auto& name : names) {
    const std::string key = Resolve(name, cluster, *known);
    if (std::find(known->begin(), known->end(), key) == known->end()) {
      const std::string nearest = NearestTap(key, *known);
      return absl::NotFoundError(fmt::format("no tap \"{}\"{}", key,
                                             nearest.empty()
                                                 ? "; see: kubectl traffictap list -A"
                                                 : fmt::format(": did you mean \"{}\"?", nearest)));
    }
    out.push_back(key);
  }
  return out;
}

}  // namespace traffictap::cli
