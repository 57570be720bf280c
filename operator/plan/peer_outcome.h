// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::plan {

// What became of a workload that the tap's targets talk to.
struct PeerOutcome {
  std::string ns;
  std::string kind;
  std::string name;
  bool attached = false;
  std::string reason;  // "Attached", "OtherNamespace", "NoConsent", "PeerLimit", that of a Note, …
  std::string message;  // of those that are not: why, and what to do
  std::string patch;    // "EnvoyFilter/NAMESPACE/NAME"; empty: none
};

}  // namespace traffictap::plan
