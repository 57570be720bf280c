// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tap/destination_spec.h"
#include "tap/tap_spec.h"

// What the plan needs to know of the mesh's objects that belong to others: enough to live beside
// them.
namespace traffictap::plan {

// To which proxies an Istio object applies: to those with all the labels, or to the targets. With
// neither: to its whole namespace, or to the mesh if that is the root namespace.
struct TargetRef {
  std::string group;  // "gateway.networking.k8s.io"; empty: core
  std::string kind;   // "Gateway", "GatewayClass", "Service", "ServiceEntry"
  std::string name;
  friend auto operator<=>(const TargetRef&, const TargetRef&) = default;
};

struct Attachment {
  std::string ns;
  std::string name;
  tap::Labels selector;
  std::vector<TargetRef> targets;

  bool whole_namespace() const { return selector.empty() && targets.empty(); }
};

struct EnvoyFilterSummary {
  Attachment at;
  // REPLACE or MERGE_AND_REPLACE_LIST that names an access_log, or removes its filter
  bool replaces_access_log = false;
};

// One element of spec.accessLogging.
struct AccessLogging {
  enum class Mode { kClientAndServer, kClient, kServer };
  std::vector<std::string> providers;  // empty: those of the parent
  Mode mode = Mode::kClientAndServer;
  bool disabled = false;
  bool filtered = false;  // has a CEL filter
  friend bool operator==(const AccessLogging&, const AccessLogging&) = default;
};

struct TelemetrySummary {
  Attachment at;
  std::vector<AccessLogging> access_logging;  // empty: says nothing of access logs
};

struct SidecarSummary {
  Attachment at;
  // "./*", "istio-system/*"; empty as well as ports: no egress section
  std::vector<std::string> egress_hosts;
  // Hosts of egress listeners for one port, which bring in the Services that have this port alone.
  struct PortHost {
    uint32_t port = 0;
    std::string host;
  };
  std::vector<PortHost> port_hosts = {};
};

// An access log provider of MeshConfig.
struct ExtensionProvider {
  std::string name;
  std::string als_service;  // of envoyHttpAls or envoyTcpAls; empty: of another kind
  uint16_t port = 0;
  bool tcp = false;  // envoyTcpAls: Istio puts it on HTTP as well, as it does the other one on TCP
};

// The parts of a MeshConfig that bear on access logs.
struct MeshConfig {
  std::string root_namespace;  // empty: not named
  std::vector<ExtensionProvider> extension_providers;
  std::vector<std::string> default_access_logging;      // defaultProviders.accessLogging
  std::vector<std::string> default_service_export_to;   // empty: to everybody
  std::vector<tap::LabelSelector> discovery_selectors;  // any of them; empty: every namespace
  // How long a proxy lets the connections of a replaced filter chain go on: defaultConfig's.
  base::Nanos drain = 45 * base::kSecond;
};

}  // namespace traffictap::plan
