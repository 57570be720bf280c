// SPDX-License-Identifier: Apache-2.0
#include "pairing/hot_ids.h"

#include <algorithm>

#include "base/log.h"

namespace traffictap::pairing {

void HotIds::Sample(const traffic::PackedEntry& entry) {
  ++samples_;
  if (entry.request_id_hash == 0) return;
  auto found = candidates_.find(entry.request_id_hash);
  if (found == candidates_.end() && candidates_.size() == kCandidatesMax) {
    for (auto& [id, candidate] : candidates_) --candidate.count;
    std::erase_if(candidates_, [](const auto& one) { return one.second.count == 0; });
    return;
  }
  if (found == candidates_.end()) found = candidates_.try_emplace(entry.request_id_hash).first;
  Candidate& candidate = found->second;
  ++candidate.count;
  const bool client = entry.facts.reporter == traffic::Reporter::kSource;
  if (candidate.client && !client) return;
  candidate.client = client;
  candidate.ns = entry.node->ns;
  candidate.workload = entry.node->workload;
}

std::optional<HotIds::Hot> HotIds::Look(base::Nanos now) {
  if (!begun_) begun_ = now;
  if (now - *begun_ < kPeriod) return std::nullopt;
  begun_ = now;
  std::optional<Hot> out;
  const auto most = std::max_element(
      candidates_.begin(), candidates_.end(),
      [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
  if (most != candidates_.end() && samples_ >= kSamplesMin) {
    const Candidate& one = most->second;
    const double share = static_cast<double>(one.count) / static_cast<double>(samples_);
    if (share >= kShare) out = Hot{one.ns, one.workload, share, one.count * kEach};
  }
  samples_ = 0;
  candidates_.clear();
  return out;
}

void LogHotId(const HotIds::Hot& hot) {
  log::For("pairing").warn(
      "one request id has much of the load, and one thread joins all of it seen_at={}/{} "
      "percent={} entries={}",
      hot.ns, hot.workload, static_cast<int>(hot.share * 100), hot.entries);
}

}  // namespace traffictap::pairing
