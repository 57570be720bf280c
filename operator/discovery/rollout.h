// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "traffictap/v1/tap_discovery.pb.h"

namespace traffictap::discovery {

using ReportPtr = std::shared_ptr<const v1::CollectorReport>;

// Where several processes share a collector's work, new taps reach those that join entries first, then
// those that receive them: what a receiver writes for a tap finds a pairer that knows it. Who does all
// of the work waits for nobody, and nobody waits for it.

// Who has not taken a version of the taps yet.
enum class RolloutStage { kPairers, kReceivers, kDone };

// Pure, as is all here. `reports`: the newest of each process that is connected.
RolloutStage StageOf(const std::string& version, const std::vector<ReportPtr>& reports);

// The names of receivers and pairers that have another version, comma-separated.
std::string Lagging(const std::string& version, const std::vector<ReportPtr>& reports);

// Whether a process of this role gets a version of the taps only after all pairers.
bool WaitsForPairers(const std::string& role);

}  // namespace traffictap::discovery
