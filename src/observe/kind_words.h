// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace traffictap::observe {

enum class EndKind { kWorkload, kPod, kService, kNamespace, kGateway };

// What the word before the slash in "deployment/cart" means.
struct KindWord {
  EndKind kind = EndKind::kWorkload;
  std::string workload_kind;  // "Deployment"; empty for "workload" and what is no workload
};

// As kubectl takes it: singular, plural or short, with or without group and version
// ("deploy", "deployments", "deployment.apps", "deployments.v1.apps"). Case is ignored. nullopt: no
// such kind.
std::optional<KindWord> ReadKindWord(std::string_view word);

// All words without plurals, groups and versions.
std::vector<std::string> KindWordNames();

}  // namespace traffictap::observe
