// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/targets.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/nearest_name.h"
#include "fmt/format.h"
#include "kube/workload_of.h"
#include "observe/kind_words.h"
#include "tap/enum_names.h"

namespace traffictap::cli {
namespace {

tap::TargetKind TargetKindOf(const observe::KindWord& word) {
  switch (word.kind) {
    case observe::EndKind::kPod: return tap::TargetKind::kPod;
    case observe::EndKind::kNamespace: return tap::TargetKind::kNamespace;
    case observe::EndKind::kGateway: return tap::TargetKind::kGateway;
    case observe::EndKind::kService: return tap::TargetKind::kService;
    case observe::EndKind::kWorkload: break;
  }
  for (const auto& row : tap::EnumNames(tap::TargetKind())) {
    if (row.name == word.workload_kind) return row.value;
  }
  return tap::TargetKind::kWorkload;
}

std::string Hint(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = base::NearestName(name, known);
  return nearest.empty() ? "" : fmt::format(": did you mean \"{}\"?", nearest);
}

Status NoSuch(const std::string& kind, const std::string& name, const std::string& ns,
              const std::vector<std::string>& known) {
  std::string hint = Hint(name, known);
  if (hint.empty() && known.empty()) {
    hint = kind == "service" ? ": there is none" : ": no pod runs there";
  }
  return absl::NotFoundError(fmt::format("no {} \"{}\" in namespace {}{}", kind, name, ns, hint));
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether to go on without an answer: what this person may not list, the operator still sees.
bool IsLeftToOperator(const Status& status) { return absl::IsPermissionDenied(status); }

Status CheckNamespaces(kube::KubeClient& client, const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  const auto listed = client.List(kube::kNamespaces, {},
                                  [&](kube::Object object) { known.push_back(object.name()); });
  if (!listed.ok()) return IsLeftToOperator(listed.status()) ? absl::OkStatus() : listed.status();
  for (const auto& ns : wanted) {
    if (Has(known, ns)) continue;
    return absl::NotFoundError(fmt::format("no namespace \"{}\"{}", ns, Hint(ns, known)));
  }
  return absl::OkStatus();
}

// A workload whose kind is given. That of a ReplicaSet or a Job is known as well where something
// above it is the workload.
Status CheckWorkload(const TargetName& target, const std::string& ns, const KnownNames& known) {
  const std::string kind = tap::NameOf(target.kind);
  if (Has(known.kinds, kind + "/" + target.name)) return absl::OkStatus();
  if (Has(known.workloads, target.name)) {
    return absl::NotFoundError(
        fmt::format("no {} \"{}\" in namespace {}: it is another kind of workload, use workload/{}",
                    kind, target.name, ns, target.name));
  }
  std::vector<std::string> names;
  for (const std::string& one : known.kinds) {
    if (one.starts_with(kind + "/")) names.push_back(one.substr(kind.size() + 1));
  }
  std::string hint = Hint(target.name, names.empty() ? known.workloads : names);
  if (hint.empty()) hint = ": none of its pods runs";
  return absl::NotFoundError(
      fmt::format("no {} \"{}\" in namespace {}{}", kind, target.name, ns, hint));
}

bool IsService(const TargetName& target) { return target.kind == tap::TargetKind::kService; }

Status CheckServices(kube::KubeClient& client, const TargetChoice& choice) {
  const auto& targets = choice.targets;
  if (std::none_of(targets.begin(), targets.end(), IsService)) return absl::OkStatus();
  std::vector<std::string> known;
  kube::ListOptions options;
  options.ns = choice.ns;
  const auto listed = client.List(kube::kServices, options,
                                  [&](kube::Object service) { known.push_back(service.name()); });
  if (!listed.ok()) return IsLeftToOperator(listed.status()) ? absl::OkStatus() : listed.status();
  for (const auto& target : targets) {
    if (!IsService(target) || Has(known, target.name)) continue;
    return NoSuch("service", target.name, choice.ns, known);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<TargetName> ParseTarget(const std::string& word) {
  const size_t slash = word.find('/');
  if (slash == std::string::npos) {
    if (word.empty()) return absl::InvalidArgumentError("must not be empty");
    return TargetName{tap::TargetKind::kWorkload, word};
  }
  const std::string kind = word.substr(0, slash);
  const std::string name = word.substr(slash + 1);
  if (name.empty() || name.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": use KIND/NAME, such as workload/checkout", word));
  }
  const auto read = observe::ReadKindWord(kind);
  if (read) return TargetName{TargetKindOf(*read), name};
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": invalid kind \"{}\"{}; use workload, deployment, statefulset, "
                  "daemonset, replicaset, job, cronjob, rollout, deploymentconfig, pod, service, "
                  "namespace or gateway",
                  word, kind, Hint(kind, observe::KindWordNames())));
}

StatusOr<TargetChoice> ChooseTargets(const std::vector<TargetName>& targets, const std::string& ns,
                                     bool named) {
  TargetChoice out;
  for (const auto& target : targets) {
    if (target.kind == tap::TargetKind::kNamespace) {
      out.namespaces.push_back(target.name);
    } else {
      out.targets.push_back(target);
    }
  }
  if (!out.namespaces.empty() && !out.targets.empty()) {
    return absl::InvalidArgumentError(
        "a namespace is tapped whole: leave out either the namespaces or what is in them");
  }
  if (out.namespaces.size() == 1) {
    if (named && ns != out.namespaces[0]) {
      return absl::InvalidArgumentError(
          fmt::format("the target is namespace {} and --namespace is {}", out.namespaces[0], ns));
    }
    out.ns = out.namespaces[0];
    out.namespaces.clear();
    return out;
  }
  if (out.namespaces.empty()) out.ns = ns;
  const auto named_one =
      std::find_if(out.targets.begin(), out.targets.end(),
                   [](const TargetName& target) { return !target.name.empty(); });
  if (out.ns.empty() && named_one != out.targets.end()) {
    return absl::InvalidArgumentError(fmt::format(
        "--all-namespaces taps everything: \"{}\" needs a namespace (-n)", named_one->name));
  }
  return out;
}

StatusOr<KnownNames> ReadNames(kube::KubeClient& client, const std::string& ns) {
  KnownNames out;
  std::set<std::string> workloads;
  std::set<std::string> kinds;
  kube::ListOptions options;
  options.ns = ns;
  const auto listed = client.List(kube::kPods, options, [&](kube::Object pod) {
    const auto workload = kube::WorkloadOf(pod);
    workloads.insert(workload.name);
    kinds.insert(workload.kind + "/" + workload.name);
    for (const auto& owner : pod.owner_references()) {
      if (owner.controller) kinds.insert(owner.kind + "/" + owner.name);
    }
    out.pods.push_back(pod.name());
  });
  if (!listed.ok()) return listed.status();
  out.workloads.assign(workloads.begin(), workloads.end());
  out.kinds.assign(kinds.begin(), kinds.end());
  return out;
}

Status CheckName(const TargetName& target, const std::string& ns, const KnownNames& known) {
  switch (target.kind) {
    case tap::TargetKind::kPod:
      if (Has(known.pods, target.name)) return absl::OkStatus();
      return NoSuch("pod", target.name, ns, known.pods);
    case tap::TargetKind::kWorkload:
      if (Has(known.workloads, target.name)) return absl::OkStatus();
      return NoSuch("workload", target.name, ns, known.workloads);
    // A gateway's name is that of a Gateway object or of its pods' workload: the operator knows.
    case tap::TargetKind::kGateway:
    case tap::TargetKind::kService:
    case tap::TargetKind::kNamespace: return absl::OkStatus();
    default: return CheckWorkload(target, ns, known);
  }
}

Status CheckTargets(kube::KubeClient& client, const TargetChoice& choice) {
  std::vector<std::string> namespaces = choice.namespaces;
  if (!choice.ns.empty()) namespaces.push_back(choice.ns);
  if (!namespaces.empty()) TT_RETURN_IF_ERROR(CheckNamespaces(client, namespaces));
  if (choice.targets.empty()) return absl::OkStatus();
  TT_RETURN_IF_ERROR(CheckServices(client, choice));
  const auto known = ReadNames(client, choice.ns);
  if (!known.ok()) return IsLeftToOperator(known.status()) ? absl::OkStatus() : known.status();
  for (const auto& target : choice.targets) {
    if (!target.name.empty()) TT_RETURN_IF_ERROR(CheckName(target, choice.ns, *known));
  }
  return absl::OkStatus();
}

}  // namespace traffictap::cli
