// SPDX-License-Identifier: Apache-2.0
#include "observe/kind_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace traffictap::observe {
namespace {

struct Row {
  std::string_view word;
  std::string_view short_word;
  EndKind kind;
  const char* workload_kind = "";
  std::string_view groups = "";  // between blanks; empty: the core group
};

constexpr Row kRows[] = {
    {"workload", "wl", EndKind::kWorkload},
    {"deployment", "deploy", EndKind::kWorkload, "Deployment", "apps"},
    {"statefulset", "sts", EndKind::kWorkload, "StatefulSet", "apps"},
    {"daemonset", "ds", EndKind::kWorkload, "DaemonSet", "apps"},
    {"replicaset", "rs", EndKind::kWorkload, "ReplicaSet", "apps"},
    {"job", "job", EndKind::kWorkload, "Job", "batch"},
    {"cronjob", "cj", EndKind::kWorkload, "CronJob", "batch"},
    {"rollout", "ro", EndKind::kWorkload, "Rollout", "argoproj.io"},
    {"deploymentconfig", "dc", EndKind::kWorkload, "DeploymentConfig", "apps.openshift.io"},
    {"pod", "po", EndKind::kPod},
    {"service", "svc", EndKind::kService},
    {"namespace", "ns", EndKind::kNamespace},
    {"gateway", "gtw", EndKind::kGateway, "", "gateway.networking.k8s.io"},
    {"gateway", "gw", EndKind::kGateway, "", "networking.istio.io"},
};

// "v1", "v1beta1".
bool IsVersion(std::string_view text) {
  return text.size() > 1 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9' &&
         text.find_first_not_of("0123456789alphbet", 1) == std::string_view::npos;
}

bool HasGroup(const Row& row, std::string_view suffix) {
  const size_t dot = suffix.find('.');
  const std::string_view first = suffix.substr(0, dot);
  if (IsVersion(first)) {
    suffix = dot == std::string_view::npos ? std::string_view() : suffix.substr(dot + 1);
  }
  if (suffix.empty() || row.groups.empty()) return suffix.empty() && row.groups.empty();
  const std::string groups = " " + std::string(row.groups) + " ";
  return groups.find(" " + std::string(suffix) + " ") != std::string::npos;
}

bool IsNamed(const Row& row, std::string_view name) {
  return name == row.word || name == row.short_word || name == std::string(row.word) + "s";
}

}  // namespace

std::optional<KindWord> ReadKindWord(std::string_view word) {
  const std::string lower = absl::AsciiStrToLower({word.data(), word.size()});
  const size_t dot = lower.find('.');
  for (const Row& row : kRows) {
    if (!IsNamed(row, lower.substr(0, dot))) continue;
    const bool whole = dot == std::string::npos || HasGroup(row, lower.substr(dot + 1));
    if (whole) return KindWord{row.kind, row.workload_kind};
  }
  return std::nullopt;
}

std::vector<std::string> KindWordNames() {
  std::vector<std::string> out;
  for (const Row& row : kRows) {
    if (std::find(out.begin(), out.end(), row.word) == out.end()) {
      out.emplace_back(row.word);
    }
    if (row.short_word != row.word) out.emplace_back(row.short_word);
  }
  return out;
}

}  // namespace traffictap::observe
