// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/live_names.h"

#include "cli/records/cluster.h"
#include "cli/shell/parse_command.h"
#include "cli/taps/targets.h"

namespace traffictap::cli {
namespace {

// Of a half-typed line no more can be read than what stands before the cursor.
ClusterOptions OptionsAmong(const std::vector<std::string>& words) {
  ClusterOptions out;
  CommandSpec spec;
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &out, &spec);
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    for (const auto& option : spec.options) {
      const auto value = ValueAt(option, words, i);
      if (value) (void)option.take(*value);
    }
  }
  return out;
}

std::vector<std::string> NamesOf(kube::KubeClient& client, const kube::Resource& resource,
                                 const std::string& ns) {
  std::vector<std::string> out;
  kube::ListOptions options;
  options.ns = ns;
  (void)client.List(resource, options,
                    [&](const kube::Object& object) { out.push_back(object.name()); });
  return out;
}

std::vector<std::string> TargetsOf(const Cluster& cluster) {
  std::vector<std::string> out;
  const auto known = ReadNames(*cluster.client, cluster.ns);
  if (known.ok()) {
    for (const auto& name : known->workloads) out.push_back("workload/" + name);
    for (const auto& name : known->pods) out.push_back("pod/" + name);
  }
  for (const auto& name : NamesOf(*cluster.client, kube::kServices, cluster.ns)) {
    out.push_back("svc/" + name);
  }
  for (const auto& name : NamesOf(*cluster.client, kube::kNamespaces, "")) {
    out.push_back("ns/" + name);
  }
  return out;
}

}  // namespace

std::vector<std::string> ReadLiveNames(Completes what, const std::vector<std::string>& words,
                                       const Session& session) {
  const ClusterOptions options = OptionsAmong(words);
  if (what == Completes::kContexts) {
    return kube::ContextNames(options.kubeconfig).value_or(std::vector<std::string>());
  }
  const auto cluster = session.connect(options);
  if (!cluster.ok() || cluster->standalone) return {};
  switch (what) {
    case Completes::kNamespaces: return NamesOf(*cluster->client, kube::kNamespaces, "");
    case Completes::kTaps: return NamesOf(*cluster->client, kube::kTrafficTaps, cluster->ns);
    case Completes::kTargets: return TargetsOf(*cluster);
    case Completes::kWorkloads: {
      const auto known = ReadNames(*cluster->client, cluster->ns);
      return known.ok() ? known->workloads : std::vector<std::string>();
    }
    default: return {};
  }
}

}  // namespace traffictap::cli
