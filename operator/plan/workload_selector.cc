// SPDX-License-Identifier: Apache-2.0

// A selector is chosen once and should then stay: each other one is another patch, which drains the
// connections of all its proxies. Hence the order of labels, from those that say which workload it
// is to those that a release changes, with the ones that controllers write left out; and hence
// labels are added only until nobody else is covered. Two patches for one proxy would log each
// request twice: groups whose selectors overlap are merged until no pod is in two.
#include "operator/plan/workload_selector.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "tap/targets.h"

namespace traffictap::plan {
namespace {

// Written by controllers and injectors: of one rollout, one pod or one proxy.
constexpr std::array<std::string_view, 16> kVolatile = {"pod-template-hash",
                                                        "controller-revision-hash",
                                                        "pod-template-generation",
                                                        "rollouts-pod-template-hash",
                                                        "statefulset.kubernetes.io/pod-name",
                                                        "apps.kubernetes.io/pod-index",
                                                        "controller-uid",
                                                        "batch.kubernetes.io/controller-uid",
                                                        "job-name",
                                                        "batch.kubernetes.io/job-name",
                                                        "batch.kubernetes.io/job-completion-index",
                                                        "security.istio.io/tlsMode",
                                                        "istio.io/rev",
                                                        "istio.io/dataplane-mode",
                                                        "sidecar.istio.io/inject",
                                                        "topology.istio.io/network"};

constexpr std::array<std::string_view, 11> kIdentity = {tap::kGatewayNameLabel,
                                                        "app.kubernetes.io/name",
                                                        "app.kubernetes.io/instance",
                                                        "app.kubernetes.io/component",
                                                        "app",
                                                        "k8s-app",
                                                        "istio",
                                                        "service.istio.io/canonical-name",
                                                        "name",
                                                        "component",
                                                        "role"};

constexpr std::array<std::string_view, 6> kLast = {"version",
                                                   "app.kubernetes.io/version",
                                                   "service.istio.io/canonical-revision",
                                                   "app.kubernetes.io/managed-by",
                                                   "helm.sh/chart",
                                                   "heritage"};

template <size_t N>
size_t IndexIn(const std::array<std::string_view, N>& names, std::string_view name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// Identity first, in its own order; then any other label by name; then the ones that change with a
// release.
std::pair<size_t, std::string> RankOf(const std::string& name) {
  const size_t identity = IndexIn(kIdentity, name);
  if (identity < kIdentity.size()) return {identity, ""};
  const size_t last = IndexIn(kLast, name);
  if (last < kLast.size()) return {kIdentity.size() + 1 + last, ""};
  return {kIdentity.size(), name};
}

tap::Labels CommonLabels(const std::vector<const Pod*>& pods) {
  tap::Labels common;
  if (!pods.empty()) common = pods.front()->labels;
  for (const Pod* pod : pods) {
    std::erase_if(common, [&](const auto& label) {
      const auto found = pod->labels.find(label.first);
      return found == pod->labels.end() || found->second != label.second;
    });
  }
  // The Jobs of a CronJob come and go, each with its own name; a Job of its own has one.
  const bool job = !pods.empty() && pods.front()->workload_kind == "Job";
  std::erase_if(common, [&](const auto& label) {
    if (job && label.first.ends_with("job-name")) return false;
    return IndexIn(kVolatile, label.first) < kVolatile.size();
  });
  return common;
}

std::vector<const Pod*> Selected(const std::vector<const Pod*>& pods, const tap::Labels& labels) {
  std::vector<const Pod*> out;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(out),
               [&](const Pod* pod) { return HasLabels(pod->labels, labels); });
  return out;
}

std::vector<const Pod*> Without(const std::vector<const Pod*>& pods,
                                const std::vector<const Pod*>& taken) {
  const std::set<const Pod*> gone(taken.begin(), taken.end());
  std::vector<const Pod*> out;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(out),
               [&](const Pod* pod) { return !gone.contains(pod); });
  return out;
}

void Choose(const std::vector<const Pod*>& reachable, Group* group) {
  SelectorChoice choice = ChooseSelector(group->pods, Without(reachable, group->pods));
  group->labels = std::move(choice.labels);
  group->others = std::move(choice.others);
}

bool Covers(const Group& group, const Group& other) {
  return std::all_of(other.pods.begin(), other.pods.end(),
                     [&](const Pod* pod) { return HasLabels(pod->labels, group.labels); });
}

// `second` is gone afterwards. Where one selector holds for all pods of the other, it stays as it
// is.
void Merge(const std::vector<const Pod*>& reachable, Group* first, Group* second) {
  const bool keep_first = Covers(*first, *second);
  const bool keep_second = !keep_first && Covers(*second, *first);
  const tap::Labels labels = keep_first ? first->labels : second->labels;
  first->workloads.insert(first->workloads.end(), second->workloads.begin(),
                          second->workloads.end());
  first->pods.insert(first->pods.end(), second->pods.begin(), second->pods.end());
  if (keep_first || keep_second) {
    first->labels = labels;
    first->others = Selected(Without(reachable, first->pods), labels);
  } else {
    Choose(reachable, first);
  }
}

// The first two groups, by order, that one pod is in; false where there are none.
bool FindOverlap(const std::vector<Group>& groups, const std::vector<const Pod*>& reachable,
                 size_t* first, size_t* second) {
  for (const Pod* pod : reachable) {
    size_t found = groups.size();
    for (size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].labels.empty() || !HasLabels(pod->labels, groups[i].labels)) continue;
      if (found == groups.size()) {
        found = i;
        continue;
      }
      *first = found;
      *second = i;
      return true;
    }
  }
  return false;
}

}  // namespace

SelectorChoice ChooseSelector(const std::vector<const Pod*>& pods,
                              const std::vector<const Pod*>& apart_from) {
  const tap::Labels common = CommonLabels(pods);
  std::vector<std::string> names;
  for (const auto& [name, value] : common) names.push_back(name);
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return RankOf(a) < RankOf(b); });
  SelectorChoice out;
  out.others = apart_from;
  for (const std::string& name : names) {
    if (!out.labels.empty() && out.others.empty()) break;
    tap::Labels narrower = out.labels;
    narrower[name] = common.at(name);
    std::vector<const Pod*> others = Selected(out.others, narrower);
    if (!out.labels.empty() && others.size() == out.others.size()) continue;
    out.labels = std::move(narrower);
    out.others = std::move(others);
  }
  if (out.labels.empty()) out.others.clear();
  return out;
}

std::vector<Group> GroupBySelector(const std::vector<const Workload*>& workloads,
                                   const std::vector<const Pod*>& reachable) {
  std::vector<Group> groups;
  for (const Workload* workload : workloads) {
    Group group;
    group.workloads = {workload};
    std::copy_if(workload->pods.begin(), workload->pods.end(), std::back_inserter(group.pods),
                 [](const Pod* pod) { return IsPatchable(*pod); });
    if (group.pods.empty()) continue;
    Choose(reachable, &group);
    groups.push_back(std::move(group));
  }
  size_t first = 0;
  size_t second = 0;
  while (FindOverlap(groups, reachable, &first, &second)) {
    Merge(reachable, &groups[first], &groups[second]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(second));
  }
  return groups;
}

}  // namespace traffictap::plan
