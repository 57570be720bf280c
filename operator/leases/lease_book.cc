// SPDX-License-Identifier: Apache-2.0

// What always holds: the records that all instances together have taken, or can take with what they have or
// with what is on its way to them, are at most gone + the sum of all charges; and that is at most the
// maximum, unless somebody lowered it or an instance that counted as gone came back.
//   - A raise counts from when it is planned, is told once it is written, and is in force some time after.
//   - A cut is told as soon as it is planned, and counts once a settled report shows what became of it.
// So each step is made on the safe side of the one before, whatever is lost in between.
#include "operator/leases/lease_book.h"

#include <algorithm>

namespace traffictap::leases {
namespace {

constexpr size_t kForgottenMax = 1'024;

}  // namespace

LeaseBook::LeaseBook(const std::optional<GrantedRecords>& former) {
  if (!former) return;
  begun_ = true;
  gone_ = former->gone;
  lost_ = former->unreported;
  for (const auto& [name, records] : former->instances) {
    Account& one = accounts_[name];
    one.held = one.planned = one.written = one.told = records;
    one.begun = true;
  }
}

void LeaseBook::SetConnected(const std::set<std::string>& instances, base::Nanos now) {
  for (const auto& name : instances) {
    Return(name);
    accounts_.try_emplace(name);
  }
  for (auto& [name, one] : accounts_) {
    one.connected = instances.contains(name);
    if (one.connected) one.away_since.reset();
    if (!one.connected && !one.away_since) one.away_since = now;
  }
}

void LeaseBook::Hear(const std::string& instance, const Lease& lease, bool settled) {
  Return(instance);
  Account& one = accounts_[instance];
  one.taken = lease.taken;
  one.heard = true;
  // What it asked for before it had what was sent may be on its way.
  one.asks = settled && lease.asks;
  one.begun = one.begun || lease.granted > 0;
  if (!settled) return;
  const bool raised = one.planned > one.held;
  one.held = one.told = lease.granted;
  // A cut has come as far as it got; a raise is still to come.
  if (!raised || one.planned < one.held) one.planned = one.held;
}

void LeaseBook::End(const std::string& instance, uint64_t taken) {
  Return(instance);
  if (accounts_.erase(instance) > 0) gone_ += taken;
}

uint64_t LeaseBook::Charged() const {
  uint64_t out = gone_;
  for (const auto& [name, one] : accounts_) out += one.charge();
  return out;
}

// Of the records that the tap has written, those that the leases tell of, or may tell of.
uint64_t LeaseBook::Counted() const {
  uint64_t out = gone_;
  for (const auto& [name, one] : accounts_) out += one.heard ? one.taken : one.charge();
  return out;
}

// What it has is its own again. A tap that has come to its end by then stays there.
void LeaseBook::Return(const std::string& instance) {
  const auto found = forgotten_.find(instance);
  if (found == forgotten_.end() || UsedUp()) return;
  Account one = found->second;
  forgotten_.erase(found);
  gone_ -= one.charge();
  lost_ -= one.unreported();
  one.away_since.reset();
  accounts_[instance] = one;
}

void LeaseBook::ForgetGone(base::Nanos now) {
  std::erase_if(accounts_, [&](const auto& entry) {
    const Account& one = entry.second;
    if (!one.away_since || now - *one.away_since < kAwayMax) return false;
    gone_ += one.charge();
    lost_ += one.unreported();
    if (forgotten_.size() >= kForgottenMax) forgotten_.erase(forgotten_.begin());
    forgotten_[entry.first] = one;
    return true;
  });
}

// False: somebody has nothing left, and gets nothing.
bool LeaseBook::GrantMore() {
  uint64_t left = max_ - std::min(max_, Charged());
  const auto connected = static_cast<uint64_t>(std::count_if(
      accounts_.begin(), accounts_.end(), [](const auto& one) { return one.second.connected; }));
  const uint64_t share = std::max<uint64_t>(1, left / std::max<uint64_t>(1, 2 * connected));
  bool out = true;
  for (auto& [name, one] : accounts_) {
    const bool wants = one.connected && one.settled() && (one.asks || !one.begun);
    if (!wants) continue;
    const uint64_t more = std::min(share, left);
    if (more == 0 && one.asks && one.taken >= one.held) out = false;
    if (more == 0) continue;
    one.planned = one.held + more;
    one.begun = true;
    one.asks = false;
    left -= more;
  }
  return out;
}

// Half of what the one has that has most: it may need the rest itself. One at a time.
void LeaseBook::TakeBack() {
  Account* richest = nullptr;
  uint64_t most = 0;
  for (auto& [name, one] : accounts_) {
    if (!one.connected) continue;
    if (one.planned < one.held) return;
    const uint64_t unused = one.held - std::min(one.held, one.taken);
    if (!one.settled() || unused <= most) continue;
    richest = &one;
    most = unused;
  }
  if (richest != nullptr) richest->planned = richest->held - (most + 1) / 2;
}

GrantedRecords LeaseBook::granted() const {
  GrantedRecords out{gone_, std::max(lost_, late_), {}};
  for (const auto& [name, one] : accounts_) {
    if (one.begun) out.instances[name] = one.charge();
  }
  return out;
}

std::optional<GrantedRecords> LeaseBook::Plan(uint64_t records, base::Nanos now) {
  if (!begun_ && accounts_.empty()) return std::nullopt;
  begun_ = true;
  ForgetGone(now);
  // The others were written without a lease: before there were any, or while there was no maximum.
  gone_ += records - std::min(records, Counted());
  if (!GrantMore() || Charged() > max_) TakeBack();
  return granted();
}

void LeaseBook::Written(const GrantedRecords& granted) {
  for (auto& [name, one] : accounts_) {
    const auto found = granted.instances.find(name);
    if (found != granted.instances.end()) one.written = found->second;
  }
}

std::optional<uint64_t> LeaseBook::Due(const std::string& instance) const {
  const auto found = accounts_.find(instance);
  if (found == accounts_.end()) return std::nullopt;
  const Account& one = found->second;
  const uint64_t due = one.planned <= one.held
                           ? one.planned
                           : std::max(one.held, std::min(one.planned, one.written));
  if (due == one.told) return std::nullopt;
  return due;
}

void LeaseBook::Sent(const std::string& instance, uint64_t granted) {
  Account& one = accounts_[instance];
  one.told = granted;
  one.held = std::max(one.held, granted);
  one.asks = false;
}

bool LeaseBook::UsedUp() const {
  uint64_t taken = gone_;
  for (const auto& [name, one] : accounts_) taken += one.taken;
  return begun_ && taken >= max_;
}

// What was taken and is not counted yet is kept, so that whoever leads after us finds the tap as ended as
// we do.
bool LeaseBook::Ends(uint64_t records) {
  late_ = UsedUp() ? max_ - std::min(max_, records) : 0;
  return begun_ && records + std::max(lost_, late_) >= max_;
}

}  // namespace traffictap::leases
