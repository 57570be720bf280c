// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/shell/command.h"
#include "kube/kube_client.h"
#include "kube/kubeconfig.h"

namespace traffictap::cli {

// What every command takes that speaks to a cluster.
struct ClusterOptions {
  kube::KubeconfigOptions kubeconfig = {};
  std::string ns = "";
  bool all_namespaces = false;
  base::Nanos request_timeout = 0;  // of one call; 0: what each call allows
  std::string collector = "";       // URL of one without Kubernetes
  std::string token_file = "";
};

enum class AllNamespaces { kNotOffered, kOffered };
enum class Standalone { kNotOffered, kOffered };
void AddClusterOptions(AllNamespaces all, Standalone standalone, ClusterOptions* out,
                       CommandSpec* spec);

// What the options lead to: the API server, or a collector's own.
struct Cluster {
  // Nobody else's, but a test's: it looks at what was asked when the command has ended.
  std::shared_ptr<kube::KubeClient> client;
  std::string ns;           // to work in; empty: all
  bool standalone = false;  // there is no Kubernetes; `client` serves raw paths alone
};

// With the user's kubeconfig, as kubectl; with a token file as the collector wants it. Calls have
// no limit on writes that would matter here. kNotFound, kInvalidArgument: the configuration.
StatusOr<Cluster> ConnectCluster(const ClusterOptions& options, const base::Clock* clock);

// Where the API server has the live records; what answers there lists its resources and versions.
inline constexpr char kLiveGroup[] = "/apis/tap.traffictap.io/v1alpha1";

// The paths of the live stream: "pairs", "summaries" or "taps" of the cluster's namespace with a
// query; `follow` goes on with what comes. Empty values are left out.
std::string LivePath(const Cluster& cluster, const std::string& resource, bool follow,
                     const std::vector<std::pair<std::string, std::string>>& query);

// OK where the cluster serves live records, to whomever. Otherwise what to do.
Status CheckLive(const Cluster& cluster);

// A failure of such a path in the words of what to do about it.
Status ExplainLive(const Status& status, const Cluster& cluster);

}  // namespace traffictap::cli
