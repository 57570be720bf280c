// SPDX-License-Identifier: Apache-2.0

// Why the offset: a block that could not be appended for a while is older than its append time says.
// Its receiver's clock tells by how much, once the two clocks' difference is known; the least that was
// ever seen is that of the block that was appended fastest. So that two clocks may run apart, the
// offset rises with time, slowly enough that an outage of half a minute moves it by milliseconds.
#include "shuffle/partition_clock.h"

#include <algorithm>

namespace traffictap::shuffle {
namespace {

// Clocks run apart by less: a crystal by a hundredth of it.
constexpr base::Nanos kDriftPart = 1'000;
// No clock shows it; keeps what a forged block says from overflowing.
constexpr base::Nanos kFar = INT64_MAX / 4;

}  // namespace

PartitionClock::PartitionClock(const State& state)
    : now_(state.now), latest_(state.latest), last_death_(state.last_death) {
  for (const auto& receiver : state.receivers) receivers_[receiver.name] = receiver;
}

base::Nanos PartitionClock::Take(const Message& message) {
  latest_ = std::max(latest_, message.appended);
  if (message.receiver.empty()) {
    Advance();
    return message.appended;
  }
  const auto [at, fresh] = receivers_.try_emplace(message.receiver);
  Receiver& receiver = at->second;
  const base::Nanos theirs = std::clamp(message.sealed, -kFar, kFar);
  const base::Nanos offset = message.appended - theirs;
  const base::Nanos elapsed = std::max<base::Nanos>(0, theirs - receiver.sealed);
  receiver.offset = fresh ? offset : std::min(offset, receiver.offset + elapsed / kDriftPart);
  receiver.name = message.receiver;
  receiver.appended = message.appended;
  receiver.sealed = theirs;
  const base::Nanos oldest = message.appended - kSilenceMax;
  const base::Nanos sealed = std::clamp(theirs + receiver.offset, oldest, message.appended);
  receiver.low_mark = std::max(sealed - message.greatest_age, oldest);
  if (message.bye) receivers_.erase(at);
  Advance();
  return sealed;
}

void PartitionClock::Advance() {
  std::erase_if(receivers_, [&](const auto& entry) {
    const bool dead = latest_ - entry.second.appended > kSilenceMax;
    if (dead) last_death_ = latest_;
    return dead;
  });
  base::Nanos low = latest_;
  for (const auto& [name, receiver] : receivers_) low = std::min(low, receiver.low_mark);
  now_ = std::max(now_, low);
}

PartitionClock::State PartitionClock::state() const {
  State out{now_, latest_, last_death_, {}};
  for (const auto& [name, receiver] : receivers_) out.receivers.push_back(receiver);
  return out;
}

}  // namespace traffictap::shuffle
