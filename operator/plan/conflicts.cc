// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/conflicts.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::plan {
namespace {

constexpr const char* kGatewayGroup = "gateway.networking.k8s.io";

bool IsGatewayTarget(const TargetRef& target, const Pod& pod) {
  return target.group == kGatewayGroup && target.kind == "Gateway" && !pod.gateway.empty() &&
         target.name == pod.gateway;
}

// An egress host reads NAMESPACE/DNS, where either may be a wildcard.
bool Reaches(const std::string& egress, const std::string& own_ns,
             const CollectorService& collector) {
  const size_t slash = egress.find('/');
  const std::string ns = slash == std::string::npos ? "*" : egress.substr(0, slash);
  const std::string dns = slash == std::string::npos ? egress : egress.substr(slash + 1);
  const bool in_ns = ns == "*" || ns == collector.ns || (ns == "." && own_ns == collector.ns);
  if (!in_ns) return false;
  if (dns == "*" || dns == collector.host) return true;
  const bool wildcard = dns.starts_with("*.");
  return wildcard && collector.host.ends_with(dns.substr(1));
}

bool Reaches(const SidecarSummary& sidecar, const std::string& own_ns,
             const CollectorService& collector) {
  const auto& hosts = sidecar.egress_hosts;
  const auto& of_ports = sidecar.port_hosts;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const auto& host) { return Reaches(host, own_ns, collector); }) ||
         std::any_of(of_ports.begin(), of_ports.end(), [&](const auto& one) {
           return one.port == collector.port && Reaches(one.host, own_ns, collector);
         });
}

// Istio takes the Sidecar that selects the pod, else the namespace's, else the root namespace's;
// one without an egress section passes on to the next.
const SidecarSummary* SidecarOf(const MeshIndex& index, const Pod& pod) {
  const SidecarSummary* best = nullptr;
  int best_rank = 3;
  for (const SidecarSummary& sidecar : index.snapshot().sidecars) {
    if (sidecar.egress_hosts.empty() && sidecar.port_hosts.empty()) continue;
    const bool own = sidecar.at.ns == pod.ns;
    int rank = 3;
    if (own && !sidecar.at.selector.empty() && HasLabels(pod.labels, sidecar.at.selector)) rank = 0;
    if (own && sidecar.at.selector.empty()) rank = 1;
    if (!own && sidecar.at.ns == index.mesh().root_namespace && sidecar.at.selector.empty())
      rank = 2;
    const bool earlier = best != nullptr && rank == best_rank && sidecar.at.name < best->at.name;
    if (rank > best_rank || rank == 3 || (rank == best_rank && !earlier)) continue;
    best = &sidecar;
    best_rank = rank;
  }
  return best;
}

std::string NameOf(const Attachment& at) { return at.ns + "/" + at.name; }

// istiod passes over namespaces that none of its discoverySelectors matches: their Services and
// their EnvoyFilters do not exist to it.
std::optional<Note> NotDiscovered(const MeshIndex& index, const Pod& pod,
                                  const CollectorService& collector) {
  const auto& selectors = index.ConfigOf(pod).discovery_selectors;
  if (selectors.empty()) return std::nullopt;
  for (const std::string& ns : {collector.ns, pod.ns}) {
    const tap::Labels& labels = index.LabelsOf(ns);
    const bool seen = std::any_of(selectors.begin(), selectors.end(),
                                  [&](const auto& selector) { return selector.Matches(labels); });
    if (seen) continue;
    const bool hidden = ns == collector.ns;
    return Note{"", hidden ? "CollectorHidden" : "NotDiscovered",
                fmt::format("istiod does not watch namespace {}, {}: label it so that one of "
                            "MeshConfig's discoverySelectors matches it",
                            ns,
                            hidden ? "so that the collector is hidden from the proxies"
                                   : "so that patches there have no effect")};
  }
  return std::nullopt;
}

// By Istio's rule: "*" anywhere in the list opens it; "~" closes it; "." is the Service's own
// namespace.
bool IsExportedTo(const std::vector<std::string>& export_to, const CollectorService& collector,
                  const std::string& ns) {
  const auto holds = [&](const std::string& word) {
    return std::find(export_to.begin(), export_to.end(), word) != export_to.end();
  };
  if (export_to.empty() || holds("*")) return true;
  if (holds("~")) return false;
  return holds(ns) || (holds(".") && ns == collector.ns);
}

std::optional<Note> NotExported(const MeshIndex& index, const Pod& pod,
                                const CollectorService& collector) {
  const bool own = !collector.export_to.empty();
  const auto& export_to = own ? collector.export_to : index.ConfigOf(pod).default_service_export_to;
  if (IsExportedTo(export_to, collector, pod.ns)) return std::nullopt;
  return Note{"", "CollectorHidden",
              fmt::format("{} exports the collector's Service to \"{}\" alone: annotate Service "
                          "{}/{} with networking.istio.io/exportTo=\"*\"",
                          own ? "its annotation" : "MeshConfig.defaultServiceExportTo",
                          fmt::join(export_to, ","), collector.ns, collector.name)};
}

// The Telemetry for all of `ns` that says something of access logs; the first by name, as Istio
// allows only one.
const TelemetrySummary* NamespaceLevel(const MeshIndex& index, const std::string& ns) {
  const TelemetrySummary* found = nullptr;
  for (const TelemetrySummary& telemetry : index.snapshot().telemetries) {
    if (telemetry.at.ns != ns || !telemetry.at.whole_namespace()) continue;
    if (telemetry.access_logging.empty()) continue;
    if (found == nullptr || telemetry.at.name < found->at.name) found = &telemetry;
  }
  return found;
}

bool SharesTarget(const Attachment& a, const Attachment& b) {
  return std::any_of(a.targets.begin(), a.targets.end(), [&](const TargetRef& target) {
    return std::find(b.targets.begin(), b.targets.end(), target) != b.targets.end();
  });
}

bool Collides(const Attachment& theirs, const Attachment& ours,
              const std::vector<const Pod*>& pods) {
  if (theirs.ns != ours.ns) return false;
  if (ours.whole_namespace() || theirs.whole_namespace()) {
    return ours.whole_namespace() && theirs.whole_namespace();
  }
  if (SharesTarget(theirs, ours)) return true;
  return std::any_of(pods.begin(), pods.end(), [&](const Pod* pod) {
    const bool by_target =
        std::any_of(theirs.targets.begin(), theirs.targets.end(),
                    [&](const TargetRef& target) { return IsGatewayTarget(target, *pod); });
    return by_target || (!theirs.selector.empty() && HasLabels(pod->labels, theirs.selector));
  });
}

}  // namespace

bool AppliesTo(const Attachment& at, const Pod& pod, const std::string& root_namespace) {
  if (at.ns != pod.ns && at.ns != root_namespace) return false;
  if (!at.targets.empty()) {
    return at.ns == pod.ns &&
           std::any_of(at.targets.begin(), at.targets.end(),
                       [&](const TargetRef& target) { return IsGatewayTarget(target, pod); });
  }
  return HasLabels(pod.labels, at.selector);
}

std::optional<Note> CollectorHidden(const MeshIndex& index, const Pod& pod) {
  const auto& collector = index.snapshot().collector;
  if (!collector || pod.proxy == Proxy::kNone || pod.proxy == Proxy::kAmbient) return std::nullopt;
  if (auto note = NotDiscovered(index, pod, *collector)) return note;
  if (auto note = NotExported(index, pod, *collector)) return note;
  if (pod.proxy != Proxy::kSidecar) return std::nullopt;
  const SidecarSummary* sidecar = SidecarOf(index, pod);
  if (sidecar == nullptr) return std::nullopt;
  if (Reaches(*sidecar, pod.ns, *collector)) return std::nullopt;
  return Note{"", "CollectorHidden",
              fmt::format("Sidecar {} hides the collector: add \"{}/{}\" to its egress hosts",
                          NameOf(sidecar->at), collector->ns, collector->host)};
}

const EnvoyFilterSummary* ReplacesAccessLog(const MeshIndex& index, const Pod& pod) {
  const EnvoyFilterSummary* found = nullptr;
  for (const EnvoyFilterSummary& filter : index.snapshot().envoy_filters) {
    if (!filter.replaces_access_log) continue;
    if (!AppliesTo(filter.at, pod, index.mesh().root_namespace)) continue;
    if (found == nullptr || NameOf(filter.at) < NameOf(found->at)) found = &filter;
  }
  return found;
}

CollectorProviders FindProviders(const CollectorService& collector, const MeshConfig& config) {
  CollectorProviders out;
  for (const ExtensionProvider& provider : config.extension_providers) {
    // Istio lets a provider name the Service as HOST or NAMESPACE/HOST.
    const std::string host = provider.als_service.substr(provider.als_service.find('/') + 1);
    if (host != collector.host || provider.port != collector.port) continue;
    std::string& found = provider.tcp ? out.tcp : out.http;
    if (found.empty() || provider.name < found) found = provider.name;
  }
  return out;
}

std::optional<Note> TelemetryConflict(const MeshIndex& index, const Attachment& at,
                                      const std::vector<const Pod*>& pods) {
  const TelemetrySummary* found = nullptr;
  for (const TelemetrySummary& telemetry : index.snapshot().telemetries) {
    if (!Collides(telemetry.at, at, pods)) continue;
    if (found == nullptr || telemetry.at.name < found->at.name) found = &telemetry;
  }
  if (found == nullptr) return std::nullopt;
  return Note{
      "", "TelemetryConflict",
      fmt::format("Telemetry {} already selects these proxies, and Istio takes only one: add "
                  "the collector's provider to it, or let TrafficTap use EnvoyFilter",
                  NameOf(found->at))};
}

std::optional<std::vector<AccessLogging>> InheritedLogging(const MeshIndex& index,
                                                           const Attachment& at,
                                                           const MeshConfig& config,
                                                           std::string* blocker) {
  const TelemetrySummary* levels[] = {at.whole_namespace() ? nullptr : NamespaceLevel(index, at.ns),
                                      at.ns == index.mesh().root_namespace
                                          ? nullptr
                                          : NamespaceLevel(index, index.mesh().root_namespace)};
  std::vector<std::string> providers = config.default_access_logging;
  std::sort(providers.begin(), providers.end());
  std::vector<AccessLogging> out;
  if (!providers.empty()) out.push_back({.providers = providers});
  // From the outermost level inwards: each that names providers takes the place of the one before
  // it.
  for (const TelemetrySummary* level : {levels[1], levels[0]}) {
    if (level == nullptr) continue;
    std::vector<AccessLogging> own;
    for (AccessLogging logging : level->access_logging) {
      if (logging.filtered) {
        *blocker = NameOf(level->at);
        return std::nullopt;
      }
      if (logging.providers.empty()) logging.providers = providers;
      if (!logging.providers.empty()) own.push_back(std::move(logging));
    }
    out = std::move(own);
  }
  std::erase_if(out, [](const AccessLogging& logging) { return logging.disabled; });
  return out;
}

}  // namespace traffictap::plan
