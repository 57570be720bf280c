// SPDX-License-Identifier: Apache-2.0
#include "als/reporter.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace traffictap::als {
namespace {

using traffic::AccessEntry;
using traffic::EntryKind;
using traffic::Node;
using traffic::Reporter;
using traffic::ResponseFlag;
using traffic::SocketAddress;
using traffic::Text;

bool StartsWithOneOf(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

std::optional<Reporter> ByTag(std::string_view tag) {
  if (tag == "inbound") return Reporter::kDestination;
  if (tag == "outbound") return Reporter::kSource;
  return std::nullopt;
}

std::optional<Reporter> ByIstiosCluster(std::string_view cluster) {
  if (StartsWithOneOf(cluster, {"inbound|", "inbound_", "InboundPassthroughCluster"})) {
    return Reporter::kDestination;
  }
  if (StartsWithOneOf(cluster, {"outbound|", "outbound_", "inbound-vip|", "PassthroughCluster",
                                "BlackHoleCluster"})) {
    return Reporter::kSource;
  }
  return std::nullopt;
}

bool IsOneOf(const std::vector<SocketAddress>& addresses, const SocketAddress& address) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const SocketAddress& own) { return own.SameIp(address); });
}

// No host was chosen because there was none to choose: the proxy had meant to pass it on. A cluster that
// sheds load says so by the details alone, since Envoy's entries have no field for its flags DO and UDO.
bool FoundNoUpstream(const AccessEntry& entry) {
  const auto& flags = entry.facts.response_flags;
  const auto details = entry.text(Text::kResponseCodeDetails);
  if (details == "drop_overload" || details == "unconditional_drop_overload") return true;
  for (const auto flag :
       {ResponseFlag::kNoRouteFound, ResponseFlag::kNoClusterFound,
        ResponseFlag::kNoHealthyUpstream, ResponseFlag::kUpstreamOverflow,
        ResponseFlag::kUpstreamConnectionFailure, ResponseFlag::kDnsResolutionFailure}) {
    if (flags.Contains(flag)) return true;
  }
  return false;
}

std::optional<Reporter> BySidecarsAddress(const AccessEntry& entry, const Node& node) {
  const SocketAddress& called = entry.facts.downstream_local;
  const SocketAddress& caller = entry.facts.downstream_direct_remote;
  const bool own_caller =
      caller.present() && (caller.is_loopback() || IsOneOf(node.addresses, caller));
  if (called.present() && IsOneOf(node.addresses, called)) {
    // An application may call its sidecar by the pod's own address. What came from the pod itself
    // and found no way out was on its way out: an inbound listener always has a way in.
    return own_caller && FoundNoUpstream(entry) ? Reporter::kSource : Reporter::kDestination;
  }
  if (!caller.present()) return std::nullopt;
  return own_caller ? Reporter::kSource : Reporter::kDestination;
}

bool AnsweredItself(const AccessEntry& entry) {
  if (!entry.text(Text::kUpstreamCluster).empty() || FoundNoUpstream(entry)) return false;
  return entry.facts.kind == EntryKind::kTcp ? !entry.text(Text::kConnectionTermination).empty()
                                             : entry.facts.response_code != 0;
}

Reporter ByNeighbours(const AccessEntry& entry) {
  const auto& facts = entry.facts;
  const SocketAddress& caller = facts.downstream_direct_remote;
  if (AnsweredItself(entry) && caller.present() && !caller.is_loopback()) {
    return Reporter::kDestination;
  }
  const SocketAddress& application = facts.upstream_remote;
  // Where all is on the loopback, addresses say nothing.
  const bool beside = application.present() && !facts.downstream_local.is_loopback() &&
                      (application.is_loopback() || application.SameIp(facts.downstream_local));
  const bool named = StartsWithOneOf(entry.text(Text::kUpstreamCluster),
                                     {"local_service", "local_app", "localhost"});
  return beside || named ? Reporter::kDestination : Reporter::kSource;
}

}  // namespace

Reporter ReporterOf(std::string_view tag, const AccessEntry& entry, const Node* node) {
  if (const auto side = ByTag(tag)) return *side;
  if (const auto side = ByIstiosCluster(entry.text(Text::kUpstreamCluster))) return *side;
  if (node != nullptr && node->proxy_type == "sidecar" && !node->addresses.empty()) {
    if (const auto side = BySidecarsAddress(entry, *node)) return *side;
  }
  if (node != nullptr && (node->proxy_type == "waypoint" || node->proxy_type == "router")) {
    return AnsweredItself(entry) ? Reporter::kDestination : Reporter::kSource;
  }
  return ByNeighbours(entry);
}

}  // namespace traffictap::als
