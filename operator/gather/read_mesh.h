#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::gather {

using ObjectPtr = std::shared_ptr<const kube::Object>;
using Objects = std::vector<ObjectPtr>;

// What the watches have seen, at one moment.
struct MeshObjects {
  Objects taps;          // TrafficTap and ClusterTrafficTap
  Objects destinations;
  Objects namespaces;
  Objects pods;
  Objects replica_sets;  // and Jobs: what stands between a pod and its workload
  Objects services;      // of the operator's own namespace
  Objects envoy_filters;
  Objects telemetries;
  Objects sidecars;
  ObjectPtr mesh_config;  // the ConfigMap "istio"; null where there is none
};

// What the operator was told about itself.
struct MeshContext {
  base::Nanos now = 0;
  std::string own_namespace;       // of operator and collector
  std::string collector_service;   // name of the Service in own_namespace
  std::string cluster_domain = "cluster.local";
  std::string destinations_dir;
  std::string istio_version;
  bool telemetry_allowed = true;
  bool envoy_filter_allowed = true;
  uint16_t collector_port = 9811;
};

// True for an object that this operator has made.
bool IsOwn(const kube::Object& object);

// Everything that the plan needs. Pure.
plan::MeshSnapshot ReadMesh(const MeshObjects& objects, const MeshContext& context);

}  // namespace traffictap::gather
