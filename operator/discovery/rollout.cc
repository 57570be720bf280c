// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/rollout.h"

namespace traffictap::discovery {
namespace {

// As v1::CollectorReport.role has them.
constexpr char kReceiver[] = "receiver";
constexpr char kPairer[] = "pairer";

}  // namespace

RolloutStage StageOf(const std::string& version, const std::vector<ReportPtr>& reports) {
  RolloutStage stage = RolloutStage::kDone;
  for (const auto& report : reports) {
    if (report->version() == version) continue;
    if (report->role() == kPairer) return RolloutStage::kPairers;
    if (report->role() == kReceiver) stage = RolloutStage::kReceivers;
  }
  return stage;
}

std::string Lagging(const std::string& version, const std::vector<ReportPtr>& reports) {
  std::string out;
  for (const auto& report : reports) {
    const bool shares = report->role() == kPairer || report->role() == kReceiver;
    if (!shares || report->version() == version) continue;
    if (!out.empty()) out += ",";
    out += report->collector();
  }
  return out;
}

bool WaitsForPairers(const std::string& role) { return role == kReceiver; }

}  // namespace traffictap::discovery
