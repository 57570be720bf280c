// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan/foreign_objects.h"
#include "operator/plan/mesh_plan.h"
#include "tap/destination_spec.h"
#include "tap/parse_fault.h"
#include "tap/tap_spec.h"

// What Compile reads: the mesh at one moment, gathered once by the reconciler. Values only. The
// order of the lists does not matter: equal sets give equal plans.
namespace traffictap::plan {

// A workload that the targets of a tap were seen to talk to.
struct SeenPeer {
  std::string ns;
  std::string kind;
  std::string name;
  friend auto operator<=>(const SeenPeer&, const SeenPeer&) = default;
};

// A TrafficTap, or a ClusterTrafficTap where `ns` is empty.
struct TapObject {
  std::string ns;
  std::string name;
  std::string uid;
  int64_t generation = 0;
  base::Nanos created = 0;  // Unix epoch
  tap::TapSpecPtr spec;     // null where `faults` is not empty
  std::vector<tap::ParseError> faults;
  bool suspended = false;  // annotation traffictap.io/suspend: "true": kept, but not in force
  bool plan_only = false;  // annotation traffictap.io/plan-only: "true": told, but never in force
  // What status and collector know of it: when it was first in force, and how many records it has
  // written.
  std::optional<base::Nanos> started;
  uint64_t records = 0;
  std::vector<SeenPeer> peers;  // who came first is attached first

  bool cluster_scoped() const { return ns.empty(); }
  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

struct DestinationObject {
  std::string name;
  tap::DestinationSpecPtr spec;  // null where `faults` is not empty
  std::vector<tap::ParseError> faults;
};

enum class Proxy { kNone, kSidecar, kGateway, kWaypoint, kAmbient };

struct Pod {
  std::string ns;
  std::string name;
  tap::Labels labels;
  // The outermost owner, as in Istio's WORKLOAD_NAME: Deployment cart, not its ReplicaSet. A pod
  // without an owner is its own workload of kind Pod.
  std::string workload_kind;
  std::string workload;
  std::string service_account;
  Proxy proxy = Proxy::kNone;
  std::string gateway;   // of a gateway or waypoint: the name of its Gateway, or else its workload
  std::string revision;  // of the istiod that its proxy was injected for; "default"; empty: unknown
  bool ready = false;
  bool finished = false;  // phase Succeeded or Failed: never counted
  bool ours = false;      // of TrafficTap's own collector or operator: never tapped
  std::vector<std::string> addresses = {};  // that are its own: none on its host's network
  std::string network = {};                 // Istio's, by its label; empty: not known
};

// A Service, as far as targets name it.
struct Service {
  std::string ns;
  std::string name;
  tap::Labels selector;  // empty: its endpoints are not made of pods' labels
  bool external_name = false;
  tap::Labels labels = {};
};

struct Namespace {
  std::string name;
  tap::Labels labels;
  std::string uid = {};
  tap::Labels annotations = {};
};

// A patch of the operator's own making, as it stands in the API server.
struct StandingPatch {
  Patch patch;  // of a Telemetry without providers and what it kept
  // It is what this version renders for `patch`. Else another version wrote it, or somebody's hand.
  bool intact = false;
};

// The Service that the proxies send to. Its cluster in Envoy is "outbound|PORT||HOST".
struct CollectorService {
  std::string ns;
  std::string name;
  std::string host;   // traffictap-collector.traffictap-system.svc.cluster.local
  uint16_t port = 0;  // of the access log service
  // Where its pods mount the destinations' secrets, a folder per secret.
  std::string destinations_dir;
  // Its annotation networking.istio.io/exportTo: "*", ".", "~" or namespaces. Empty: as MeshConfig
  // says.
  std::vector<std::string> export_to = {};
};

struct MeshSettings {
  // "1.29.2", of several istiods the oldest; "unknown": built from source; empty: not known yet.
  std::string istio_version;
  std::string root_namespace = "istio-system";  // where no MeshConfig names one
  // The operator may write EnvoyFilters and the API server has them.
  bool envoy_filter_allowed = true;
  bool telemetry_allowed = true;  // the same of Telemetry
  // How long a patch stays as it is when taps that need it have gone; 0: not at all.
  base::Nanos patch_grace = 0;
  // The namespaces that are attached whether a tap wants them or not, where their own label says nothing;
  // empty: none. And the headers that their proxies log, in lower case, where their annotations say nothing.
  std::optional<tap::LabelSelector> standing = {};
  std::vector<std::string> standing_request_headers = {};
  std::vector<std::string> standing_response_headers = {};
  // How often these proxies tell of open streams, likewise; 0: never.
  base::Nanos standing_open_streams = 0;
  // Of each revision of istiod, by its name; "default" for the one that has none.
  std::map<std::string, MeshConfig> configs;
};

struct MeshSnapshot {
  base::Nanos now = 0;  // Unix epoch
  std::vector<TapObject> taps;
  std::vector<DestinationObject> destinations;
  std::vector<Namespace> namespaces;
  std::vector<Pod> pods;
  std::vector<Service> services;
  std::optional<CollectorService> collector;  // empty: no such Service
  MeshSettings mesh;
  std::vector<StandingPatch> standing;            // our own
  std::vector<EnvoyFilterSummary> envoy_filters;  // of others: never our own
  std::vector<TelemetrySummary> telemetries;      // of others
  std::vector<SidecarSummary> sidecars;
};

}  // namespace traffictap::plan
