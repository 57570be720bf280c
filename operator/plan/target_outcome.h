// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tap/tap_spec.h"

namespace traffictap::plan {

// What became of one of a tap's targets.
struct TargetOutcome {
  // All of its pods, some or none of them are attached; kPlanned: at least some would be.
  enum class State { kAttached, kPartial, kNotAttached, kPlanned };
  tap::Target target;
  State state = State::kNotAttached;
  std::string reason;  // "Attached", "NotFound", "NoPods", or that of a Note
  std::string message;
  uint32_t workloads = 0;  // that it means
  uint32_t pods = 0;       // of these
  uint32_t proxies = 0;    // of these pods: those that a patch reaches
};

}  // namespace traffictap::plan
