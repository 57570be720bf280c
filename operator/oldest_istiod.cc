// SPDX-License-Identifier: Apache-2.0
#include "operator/oldest_istiod.h"

#include <utility>

#include "operator/plan/istio_version.h"

namespace traffictap::op {
namespace {

// Less than the 15 s between two polls that nobody waits for, so that each of these asks.
constexpr base::Nanos kFresh = 10 * base::kSecond;

}  // namespace

OldestIstiod::OldestIstiod(Fetch fetch, const base::Clock* clock)
    : fetch_(std::move(fetch)), clock_(clock) {}

bool OldestIstiod::IsFresh(const std::vector<std::string>& addresses) const {
  return addresses == answered_ && clock_->Monotonic() - asked_ < kFresh;
}

const std::string& OldestIstiod::Version(const std::vector<std::string>& addresses) {
  if (addresses.empty() || IsFresh(addresses)) return version_;
  const base::Nanos now = clock_->Monotonic();
  std::string oldest;
  for (const auto& address : addresses) {
    auto version = fetch_(address);
    if (!version.ok()) return version_;  // FetchSyncz tells
    if (oldest.empty() || plan::IsOlder(*version, oldest)) oldest = *std::move(version);
  }
  if (!oldest.empty()) version_ = oldest;
  answered_ = addresses;
  asked_ = now;
  return version_;
}

}  // namespace traffictap::op
