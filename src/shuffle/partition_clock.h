// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace traffictap::shuffle {

// The time of one partition, told by its log alone: whoever reads the same messages gets the same
// times, at whatever speed. All times but `sealed` are the broker's, since the Unix epoch. Not
// thread-safe.
//
// A half arrived at SealedAt() - its age. now() is the least low mark of all receivers that are alive:
// what arrived earlier stands in the log already, as far as they live. It never goes back. A receiver
// that says nothing for kSilenceMax of partition time is dead, and holds nothing back any more.
class PartitionClock {
 public:
  static constexpr base::Nanos kSilenceMax = 30 * base::kSecond;

  // A block, as its header and the broker tell.
  struct Message {
    std::string receiver;      // empty: a tick, by the partition's owner
    base::Nanos appended = 0;  // by the broker
    base::Nanos sealed = 0;    // by the receiver's monotonic clock
    base::Nanos greatest_age = 0;
    bool bye = false;
  };
  struct Receiver {
    std::string name;
    base::Nanos low_mark = 0;
    base::Nanos appended = 0;  // of its last block
    base::Nanos sealed = 0;    // the same, by its own clock
    base::Nanos offset = 0;    // from its clock to the broker's
    friend bool operator==(const Receiver&, const Receiver&) = default;
  };
  struct State {
    base::Nanos now = 0;
    base::Nanos latest = 0;  // the greatest append time
    base::Nanos last_death = INT64_MIN;
    std::vector<Receiver> receivers;  // alive
    friend bool operator==(const State&, const State&) = default;
  };

  PartitionClock() = default;
  explicit PartitionClock(const State& state);

  // Takes one message of the log. Returns when it was sealed: not later than it was appended, and
  // kSilenceMax earlier at most, however long the receiver could not reach the broker.
  base::Nanos Take(const Message& message);

  base::Nanos now() const { return now_; }
  size_t receivers() const { return receivers_.size(); }
  // The last time that a receiver was found dead without its goodbye; INT64_MIN: never.
  base::Nanos last_death() const { return last_death_; }
  State state() const;

 private:
  void Advance();

  base::Nanos now_ = 0;
  base::Nanos latest_ = 0;
  base::Nanos last_death_ = INT64_MIN;
  std::map<std::string, Receiver> receivers_;
};

}  // namespace traffictap::shuffle
