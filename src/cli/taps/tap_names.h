// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/records/cluster.h"
#include "cli/shell/command.h"

namespace traffictap::cli {

// An argument that names TrafficTaps: "NAME", "NAMESPACE/NAME" or "traffictap/NAME" as kubectl
// prints it.
Argument TapArgument(bool required, std::vector<std::string>* out);

// "ns/name" of a name as it was given, which may already be one. With an empty `ns`: the name of a
// ClusterTrafficTap stays as it is.
std::string TapKey(const std::string& name, const std::string& ns);

// Such a key as the API has it.
kube::ObjectKey KeyOf(const std::string& key);

// What the API has under such a key: without a namespace it is a ClusterTrafficTap.
const kube::Resource& ResourceOf(const kube::ObjectKey& key);

// The one namespace that all of the names are in, where `ns` is that of names without one; empty
// where there is none.
std::string SharedNamespace(const std::vector<std::string>& names, const std::string& ns);

// The keys of the named taps, each of which must be there: kNotFound comes with the nearest name.
// Of a collector without Kubernetes any name is looked up by its last part. None named: none, which
// the stream takes for all.
StatusOr<std::vector<std::string>> FindTaps(const Cluster& cluster,
                                            const std::vector<std::string>& names);

}  // namespace traffictap::cli
