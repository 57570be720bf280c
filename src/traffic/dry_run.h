// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "traffic/denial.h"

namespace traffictap::traffic {

// What the AuthorizationPolicies that Istio only tries (annotation istio.io/dry-run) would have done
// with a request or connection, by the proxy that tried them. Never a verdict: nothing was denied.
struct DryRun {
  bool denied = false;
  // Of the rule that decided it. Empty where none matched: nothing would have denied it, or no
  // policy that is tried would have allowed it.
  PolicyId policy;
  Reporter side = Reporter::kDestination;
};
const char* Result(const DryRun& dry_run);  // "Denied", "Allowed"

// nullopt: the entry's proxy tries no policy for it. Views into the entry.
std::optional<DryRun> DryRunOf(const PackedEntry& entry);

// Of a record: what the server that answered last says, or the client; of the two the one that would
// have denied it.
std::optional<DryRun> DryRunIn(const TrafficPair& pair);

}  // namespace traffictap::traffic
