// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcilers/plan_board.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace traffictap::reconcilers {
namespace {

constexpr size_t kRefusalsMax = 3;
// Between our clock (or the API server's) and istiod's, as far as an answer may be believed.
constexpr base::Nanos kClockTolerance = 1 * base::kSecond;
// A push follows a write within a second or two. What has not come after this time had nothing new
// for the proxy: the write changed owners alone, before this operator started.
constexpr base::Nanos kPushWait = 60 * base::kSecond;
// An istiod that is replaced, or busy, answers again within this time.
constexpr base::Nanos kSilence = 5 * base::kSecond;

}  // namespace

void PlanBoard::SetPlan(plan::MeshPlan plan, PatchStates patches) {
  absl::MutexLock lock(&mutex_);
  outcomes_.clear();
  for (auto& outcome : plan.outcomes) {
    std::string key = outcome.key;
    outcomes_.emplace(std::move(key), std::move(outcome));
  }
  for (auto& [name, patch] : patches) {
    const auto former = patches_.find(name);
    if (former == patches_.end() || patch.content.empty()) continue;
    if (former->second.content == patch.content) patch.applied = former->second.applied;
  }
  patches_ = std::move(patches);
}

void PlanBoard::SetProxies(istiod::ProxySyncs proxies, base::Nanos asked) {
  absl::MutexLock lock(&mutex_);
  proxies_ = std::move(proxies);
  asked_ = asked;
  silent_since_.reset();
  silent_ = false;
}

void PlanBoard::MissProxies(base::Nanos asked) {
  absl::MutexLock lock(&mutex_);
  if (!silent_since_) silent_since_ = asked;
  if (asked - *silent_since_ < kSilence) return;
  proxies_.reset();
  silent_ = true;
}

base::Nanos PlanBoard::NewestPatch(const plan::TapOutcome& outcome) const {
  base::Nanos newest = 0;
  for (const auto& name : outcome.patches) {
    const auto found = patches_.find(name);
    if (found != patches_.end()) newest = std::max(newest, found->second.applied);
  }
  return newest;
}

ProxyAcknowledgements PlanBoard::Acknowledgements(const plan::TapOutcome& outcome) const {
  ProxyAcknowledgements out;
  const base::Nanos newest = NewestPatch(outcome);
  out.asking = !silent_;
  if (!proxies_ || newest == 0 || asked_ < newest) return out;
  out.known = true;
  out.asking = false;
  for (const auto& id : outcome.proxies) {
    const auto found = proxies_->find(id);
    if (found == proxies_->end()) continue;
    const istiod::ProxySync& sync = found->second;
    ++out.proxies;
    const bool since =
        sync.sent == 0 || sync.sent + kClockTolerance >= newest || asked_ - newest > kPushWait;
    if (sync.acknowledged && since) ++out.acknowledged;
    if (!sync.refusal.empty() && since && out.refusals.size() < kRefusalsMax) {
      out.refusals.push_back(fmt::format("{}: {}", id, sync.refusal));
    }
  }
  return out;
}

std::optional<PlanBoard::TapView> PlanBoard::Find(const std::string& tap) const {
  absl::MutexLock lock(&mutex_);
  const auto found = outcomes_.find(tap);
  if (found == outcomes_.end()) return std::nullopt;
  TapView out{found->second, "", Acknowledgements(found->second)};
  for (const auto& name : out.outcome.patches) {
    const auto patch = patches_.find(name);
    if (patch != patches_.end() && !patch->second.error.empty())
      out.patch_error = patch->second.error;
  }
  for (auto& peer : out.outcome.peers) {
    const auto patch = patches_.find(peer.patch);
    if (patch == patches_.end() || patch->second.error.empty()) continue;
    peer.attached = false;
    peer.reason = "PatchRefused";
    peer.message = "the API server refuses its patch: " + patch->second.error;
  }
  return out;
}

bool PlanBoard::Waits() const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(outcomes_.begin(), outcomes_.end(), [this](const auto& entry) {
    const plan::TapOutcome& outcome = entry.second;
    return outcome.in_force && Acknowledgements(outcome).acknowledged < outcome.proxies.size();
  });
}

}  // namespace traffictap::reconcilers
