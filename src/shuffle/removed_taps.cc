// SPDX-License-Identifier: Apache-2.0
#include "shuffle/removed_taps.h"

#include <set>
#include <string>

namespace traffictap::shuffle {
namespace {

std::set<std::string> KeysOf(const std::vector<tap::TapSpecPtr>& taps) {
  std::set<std::string> out;
  for (const auto& tap : taps) out.insert(tap->key());
  return out;
}

}  // namespace

bool RemovedTaps::Add(const std::vector<tap::TapSpecPtr>& in_force,
                      const std::vector<tap::TapSpecPtr>& wanted) {
  std::set<std::string> known = KeysOf(wanted);
  for (const auto& removed : taps_) known.insert(removed.tap->key());
  const size_t before = taps_.size();
  for (const auto& tap : in_force) {
    if (known.contains(tap->key())) continue;
    taps_.push_back({tap, clock_->Monotonic(), clock_->Wall() + tap->pairing.window});
  }
  return taps_.size() > before;
}

bool RemovedTaps::Forget(const std::vector<tap::TapSpecPtr>& wanted) {
  if (taps_.empty()) return false;
  const std::set<std::string> keys = KeysOf(wanted);
  return std::erase_if(taps_, [&](const Removed& one) { return keys.contains(one.tap->key()); }) >
         0;
}

bool RemovedTaps::Expire(base::Nanos read_until) {
  const base::Nanos now = clock_->Monotonic();
  const auto is_over = [&](const Removed& one) {
    const base::Nanos stayed = now - one.at;
    return stayed >= kMost || (stayed >= kLeast && read_until >= one.until);
  };
  return std::erase_if(taps_, is_over) > 0;
}

std::vector<tap::TapSpecPtr> RemovedTaps::With(std::vector<tap::TapSpecPtr> wanted) const {
  for (const auto& removed : taps_) wanted.push_back(removed.tap);
  return wanted;
}

}  // namespace traffictap::shuffle
