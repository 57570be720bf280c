// SPDX-License-Identifier: Apache-2.0
#include "operator/leases/lease_ledger.h"

#include <utility>

namespace traffictap::leases {

void LeaseLedger::SetLimits(const std::vector<TapLimit>& limits, base::Nanos now) {
  std::set<std::string> present;
  for (const auto& limit : limits) {
    present.insert(limit.uid);
    auto found = taps_.find(limit.uid);
    if (found == taps_.end()) {
      found = taps_.emplace(limit.uid, Tap{LeaseBook(FromText(limit.kept)), false}).first;
    }
    found->second.book.SetMax(limit.max);
    found->second.book.SetConnected(connected_, now);
  }
  std::erase_if(taps_, [&](const auto& tap) { return !present.contains(tap.first); });
}

void LeaseLedger::SetConnected(std::set<std::string> instances, base::Nanos now) {
  if (instances == connected_) return;  // as mostly, and each book would look at all of them
  connected_ = std::move(instances);
  for (auto& [uid, tap] : taps_) tap.book.SetConnected(connected_, now);
}

void LeaseLedger::Hear(const std::string& instance, const std::map<std::string, Lease>& leases,
                       bool settled, bool final) {
  for (auto& [uid, tap] : taps_) {
    const auto found = leases.find(uid);
    if (final) {
      tap.book.End(instance, found == leases.end() ? 0 : found->second.taken);
    } else if (found != leases.end()) {
      tap.book.Hear(instance, found->second, settled);
    }
  }
}

std::optional<GrantedRecords> LeaseLedger::Plan(const std::string& uid, uint64_t records,
                                                base::Nanos now) {
  const auto found = taps_.find(uid);
  return found == taps_.end() ? std::nullopt : found->second.book.Plan(records, now);
}

void LeaseLedger::Written(const std::string& uid, const GrantedRecords& granted) {
  const auto found = taps_.find(uid);
  if (found != taps_.end()) found->second.book.Written(granted);
}

bool LeaseLedger::Ends(const std::string& uid, uint64_t records) {
  const auto found = taps_.find(uid);
  return found != taps_.end() && found->second.book.Ends(records);
}

bool LeaseLedger::NewlyUsedUp() {
  bool out = false;
  for (auto& [uid, tap] : taps_) {
    const bool before = std::exchange(tap.used_up, tap.book.UsedUp());
    out = out || (tap.used_up && !before);
  }
  return out;
}

std::map<std::string, uint64_t> LeaseLedger::Due(const std::string& instance) const {
  std::map<std::string, uint64_t> out;
  for (const auto& [uid, tap] : taps_) {
    if (const auto due = tap.book.Due(instance)) out[uid] = *due;
  }
  return out;
}

bool LeaseLedger::IsDue(const std::string& uid, const std::string& instance) const {
  const auto found = taps_.find(uid);
  return found != taps_.end() && found->second.book.Due(instance).has_value();
}

void LeaseLedger::Sent(const std::string& instance,
                       const std::map<std::string, uint64_t>& granted) {
  for (const auto& [uid, records] : granted) {
    const auto found = taps_.find(uid);
    if (found != taps_.end()) found->second.book.Sent(instance, records);
  }
}

}  // namespace traffictap::leases
