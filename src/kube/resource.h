// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "kube/object.h"

namespace traffictap::kube {

// A kind of object as the API names it. Made of constants: the texts must outlive it.
struct Resource {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  bool operator==(const Resource&) const = default;
  // "v1" or "apps/v1".
  std::string ApiVersion() const;
  // "pods" or "deployments.apps": for messages and metrics.
  std::string Name() const;
  // The URL path of the collection (all namespaces where `ns` is empty). Escaped.
  std::string CollectionPath(const std::string& ns) const;
  // The URL path of one object, or of its subresource ("status"). Escaped.
  std::string ObjectPath(const ObjectKey& key, std::string_view subresource = "") const;
};

inline constexpr Resource kPods{"", "v1", "pods", "Pod"};
inline constexpr Resource kServices{"", "v1", "services", "Service"};
inline constexpr Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline constexpr Resource kNodes{"", "v1", "nodes", "Node", false};
inline constexpr Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices",
                                          "EndpointSlice"};
inline constexpr Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
inline constexpr Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr Resource kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr Resource kApiServices{"apiregistration.k8s.io", "v1", "apiservices", "APIService",
                                       false};
inline constexpr Resource kCustomResourceDefinitions{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};

// Created to ask a question: the answer is the status of the object that Create returns.
inline constexpr Resource kSubjectAccessReviews{
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};
inline constexpr Resource kSelfSubjectAccessReviews{
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};
inline constexpr Resource kSelfSubjectReviews{"authentication.k8s.io", "v1", "selfsubjectreviews",
                                              "SelfSubjectReview", false};
inline constexpr Resource kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews",
                                        "TokenReview", false};

inline constexpr Resource kEnvoyFilters{"networking.istio.io", "v1alpha3", "envoyfilters",
                                        "EnvoyFilter"};
inline constexpr Resource kSidecars{"networking.istio.io", "v1", "sidecars", "Sidecar"};
inline constexpr Resource kTelemetries{"telemetry.istio.io", "v1", "telemetries", "Telemetry"};

inline constexpr Resource kTrafficTaps{"traffictap.io", "v1alpha1", "traffictaps", "TrafficTap"};
inline constexpr Resource kClusterTrafficTaps{"traffictap.io", "v1alpha1", "clustertraffictaps",
                                              "ClusterTrafficTap", false};
// Created to ask for one; nothing of it is kept.
inline constexpr Resource kDumps{"tap.traffictap.io", "v1alpha1", "dumps", "Dump"};
inline constexpr Resource kTapDestinations{"traffictap.io", "v1alpha1", "tapdestinations",
                                           "TapDestination", false};

}  // namespace traffictap::kube
