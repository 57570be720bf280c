// SPDX-License-Identifier: Apache-2.0
#include "traffic/dry_run.h"

namespace traffictap::traffic {

const char* Result(const DryRun& dry_run) { return dry_run.denied ? "Denied" : "Allowed"; }

std::optional<DryRun> DryRunOf(const PackedEntry& entry) {
  const auto result = entry.facts.dry_run;
  if (result == DryRunResult::kNone) return std::nullopt;
  const auto id = entry.text(Text::kDryRunPolicy);
  return DryRun{result == DryRunResult::kDenied, id.empty() ? PolicyId{} : ReadPolicyId(id),
                entry.facts.reporter};
}

std::optional<DryRun> DryRunIn(const TrafficPair& pair) {
  const auto server = pair.server() != nullptr ? DryRunOf(*pair.server()) : std::nullopt;
  const auto client = pair.client != nullptr ? DryRunOf(*pair.client) : std::nullopt;
  if (!server) return client;
  return client && client->denied && !server->denied ? client : server;
}

}  // namespace traffictap::traffic
