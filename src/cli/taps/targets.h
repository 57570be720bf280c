// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "kube/kube_client.h"
#include "tap/tap_spec.h"

namespace traffictap::cli {

// One TARGET of the command line: "workload/checkout", "deploy/checkout", "svc/checkout", "pod/x",
// "ns/shop", "gateway/g", or a name alone, which is a workload's. Or the pods with the labels of -l.
struct TargetName {
  tap::TargetKind kind = tap::TargetKind::kWorkload;
  std::string name;
  tap::Labels selector = {};  // of -l, which has no name
};

// kInvalidArgument: no such kind, with the nearest one.
StatusOr<TargetName> ParseTarget(const std::string& word);

// What is tapped and where the tap is to be.
struct TargetChoice {
  std::string ns;                       // empty: all namespaces, by a ClusterTrafficTap
  std::vector<std::string> namespaces;  // more than one: of a ClusterTrafficTap
  std::vector<TargetName> targets;      // of `ns`; none: all of it
};

// `ns` is that of -n or of the context, empty with -A; `named` where -n gave it. kInvalidArgument:
// targets that no one tap can have.
StatusOr<TargetChoice> ChooseTargets(const std::vector<TargetName>& targets, const std::string& ns,
                                     bool named);

// Names of a namespace that targets may have.
struct KnownNames {
  std::vector<std::string> workloads;
  std::vector<std::string> kinds;  // "Deployment/checkout", "ReplicaSet/checkout-5d9c"
  std::vector<std::string> pods;
};
StatusOr<KnownNames> ReadNames(kube::KubeClient& client, const std::string& ns);

// kNotFound: "no workload \"chekout\" in namespace shop: did you mean \"checkout\"?".
Status CheckName(const TargetName& target, const std::string& ns, const KnownNames& known);

// All names of the choice; namespaces first. Where the reader may not list pods or namespaces the
// check is left to the operator: OK.
Status CheckTargets(kube::KubeClient& client, const TargetChoice& choice);

}  // namespace traffictap::cli
