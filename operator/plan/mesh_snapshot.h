#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan/foreign_objects.h"
#include "tap/destination_spec.h"
#include "tap/parse_fault.h"
#include "tap/tap_spec.h"

// What Compile reads: the mesh at one moment, gathered once by the reconciler. Values only. The
// order of the lists does not matter: equal sets give equal plans.
namespace traffictap::plan {

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
  std::string gateway;  // of a gateway or waypoint: the name of its Gateway, or else its workload
  bool ready = false;
  bool finished = false;  // phase Succeeded or Failed: never counted
  bool ours = false;      // of TrafficTap's own collector or operator: never tapped
};

struct Namespace {
  std::string name;
  tap::Labels labels;
};

// The Service that the proxies send to. Its cluster in Envoy is "outbound|PORT||HOST".
struct CollectorService {
  std::string ns;
  std::string name;
  std::string host;   // traffictap-collector.traffictap-system.svc.cluster.local
  uint16_t port = 0;  // of the access log service
  // where its pods mount the destinations' secrets, a folder per secret
  std::string destinations_dir;
};

struct MeshSettings {
  std::string istio_version;  // "1.29.2"; empty where istiod could not be asked
  std::string root_namespace = "istio-system";
  // the operator may write EnvoyFilters and the API server has them
  bool envoy_filter_allowed = true;
  bool telemetry_allowed = true;  // the same of Telemetry
  std::vector<ExtensionProvider> extension_providers;
  std::vector<std::string> default_access_logging;  // MeshConfig.defaultProviders.accessLogging
};

struct MeshSnapshot {
  base::Nanos now = 0;  // Unix epoch
  std::vector<TapObject> taps;
  std::vector<DestinationObject> destinations;
  std::vector<Namespace> namespaces;
  std::vector<Pod> pods;
  std::optional<CollectorService> collector;  // empty: no such Service
  MeshSettings mesh;
  std::vector<EnvoyFilterSummary> envoy_filters;  // of others: never our own
  std::vector<TelemetrySummary> telemetries;      // of others
  std::vector<SidecarSummary> sidecars;
};

}  // namespace traffictap::plan
