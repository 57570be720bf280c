// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/status.h"
#include "kube/kube_client.h"
#include "kube/object.h"

namespace traffictap::fanin {

// The pairers that there are to be, and those that are still there: the address of each by its name,
// IP:PORT with IPv6 in brackets; empty where it has none.
using ExpectedPairers = std::map<std::string, std::string>;

// May block for seconds. An error: it is not known now.
using ExpectPairers = std::function<StatusOr<ExpectedPairers>()>;

// The StatefulSet whose pods are the pairers, and the port at which they serve readers.
struct PairersStatefulSet {
  kube::ObjectKey key;  // without a name: there is none
  std::string port;
};

// "NAMESPACE/NAME:PORT". kInvalidArgument: `text` is another one.
StatusOr<PairersStatefulSet> ParsePairersStatefulSet(const std::string& text);

// As the API server has them. To be there are the pods that spec.replicas asks for: one that was scaled
// away is not missing, whatever became of its volume. Addresses are those that the EndpointSlices of its
// Service have, of pods that are ready or not. Needs the rights to get the StatefulSet and to list
// EndpointSlices in its namespace. Blocks for up to 10 s; thread-safe where `kube` is.
StatusOr<ExpectedPairers> ReadExpectedPairers(kube::KubeClient* kube,
                                              const PairersStatefulSet& stateful_set);

}  // namespace traffictap::fanin
