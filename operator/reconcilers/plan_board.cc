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
// istiod waits for this long for further changes before it makes a push (PILOT_DEBOUNCE_AFTER).
constexpr base::Nanos kDebounce = 100 * base::kMillisecond;
// A push follows a write within a second or two. What has not come after this time had nothing new
// for the proxy: the write changed owners alone, before this operator started.
constexpr base::Nanos kPushWait = 60 * base::kSecond;
// An istiod that is replaced, or busy, answers again within this time.
constexpr base::Nanos kSilence = 5 * base::kSecond;

// Of "EnvoyFilter/NAMESPACE/NAME".
std::string NamespaceOf(const std::string& patch) {
  const size_t begin = patch.find('/') + 1;
  return patch.substr(begin, patch.find('/', begin) - begin);
}

}  // namespace

PlanBoard::PlannedTap PlanBoard::PlannedOf(plan::TapOutcome outcome, const PatchStates& patches) {
  PlannedTap out;
  for (const auto& name : outcome.patches) {
    const auto patch = patches.find(name);
    if (patch == patches.end()) continue;
    out.newest = std::max(out.newest, patch->second.applied);
    auto& before = out.before[NamespaceOf(name)];
    for (const auto& [address, push] : patch->second.before) {
      istiod::NotePush(address, push, &before);
    }
    if (!patch->second.error.empty()) out.patch_error = patch->second.error;
  }
  for (auto& peer : outcome.peers) {
    const auto patch = patches.find(peer.patch);
    if (patch == patches.end() || patch->second.error.empty()) continue;
    peer.attached = false;
    peer.reason = "PatchRefused";
    peer.message = "the API server refuses its patch: " + patch->second.error;
  }
  out.outcome = std::move(outcome);
  return out;
}

void PlanBoard::SetPlan(plan::MeshPlan plan, PatchStates patches) {
  absl::MutexLock lock(&mutex_);
  for (auto& [name, patch] : patches) {
    const auto former = patches_.find(name);
    if (former == patches_.end() || patch.content.empty()) continue;
    if (former->second.content != patch.content) continue;
    patch.applied = former->second.applied;
    patch.before = former->second.before;
  }
  patches_ = std::move(patches);
  taps_.clear();
  for (auto& outcome : plan.outcomes) {
    std::string key = outcome.key;
    taps_.emplace(std::move(key), PlannedOf(std::move(outcome), patches_));
  }
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

bool PlanBoard::IsSilent() const {
  absl::MutexLock lock(&mutex_);
  return silent_;
}

bool PlanBoard::IsSince(const PlannedTap& tap, const std::string& proxy,
                        const istiod::ProxySync& sync) const {
  if (asked_ - tap.newest > kPushWait) return true;
  if (sync.sent != 0 && sync.sent + kClockTolerance < tap.newest) return false;
  // A proxy that has just connected was sent after the patch what was made before it.
  const auto known = tap.before.find(proxy.substr(proxy.rfind('.') + 1));
  if (!sync.push || known == tap.before.end()) return true;
  const auto before = known->second.find(sync.istiod);
  return before == known->second.end() || istiod::IsAfter(*sync.push, before->second);
}

ProxyAcknowledgements PlanBoard::Acknowledgements(const PlannedTap& tap) const {
  ProxyAcknowledgements out;
  const base::Nanos newest = tap.newest;
  out.asking = !silent_;
  if (!proxies_ || newest == 0 || asked_ < newest + kDebounce) return out;
  out.known = true;
  out.asking = false;
  for (const auto& id : tap.outcome.proxies) {
    const auto found = proxies_->find(id);
    if (found == proxies_->end()) continue;
    const istiod::ProxySync& sync = found->second;
    ++out.proxies;
    const bool since = IsSince(tap, id, sync);
    if (sync.acknowledged && since) ++out.acknowledged;
    if (!sync.refusal.empty() && since && out.refusals.size() < kRefusalsMax) {
      out.refusals.push_back(fmt::format("{}: {}", id, sync.refusal));
    }
  }
  return out;
}

std::optional<PlanBoard::TapView> PlanBoard::Find(const std::string& tap) const {
  absl::MutexLock lock(&mutex_);
  const auto found = taps_.find(tap);
  if (found == taps_.end()) return std::nullopt;
  const PlannedTap& planned = found->second;
  return TapView{planned.outcome, planned.patch_error, Acknowledgements(planned)};
}

bool PlanBoard::Waits() const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(taps_.begin(), taps_.end(), [this](const auto& entry) {
    const PlannedTap& tap = entry.second;
    return tap.outcome.in_force && Acknowledgements(tap).acknowledged < tap.outcome.proxies.size();
  });
}

}  // namespace traffictap::reconcilers
