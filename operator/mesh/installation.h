// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::mesh {

// Where this installation of TrafficTap lives, and how to know what is its own.
struct Installation {
  std::string ns = "traffictap-system";
  std::string collector_service = "traffictap-collector";
  std::string collector_port = "grpc-als";  // the name of the Service's port
  std::string cluster_domain = "cluster.local";
  std::string root_namespace = "istio-system";
  // Where the collector's pods mount each destination's secret, in a folder of the secret's name.
  std::string destinations_dir = "/etc/traffictap/destinations";
  bool reads_nodes = true;  // the operator may list and watch nodes
};

// On every object that the operator writes: what carries it may be changed and pruned, nothing
// else.
inline constexpr const char* kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr const char* kManagedByValue = "traffictap";
// The Lease of the operators, in the installation's namespace.
inline constexpr const char* kLease = "traffictap-operator";
// On TrafficTap's own pods, in the installation's namespace: they are never tapped.
inline constexpr const char* kPartOfLabel = "app.kubernetes.io/part-of";
inline constexpr const char* kPartOfValue = "traffictap";

}  // namespace traffictap::mesh
