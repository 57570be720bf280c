// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::shuffle {

// An outlet's halves: sent = acked + timed_out + refused + closed + pending, at every moment between
// two calls.
struct OutletCounters {
  uint64_t sent = 0;
  uint64_t acked = 0;      // the log has them
  uint64_t timed_out = 0;  // of blocks that the brokers did not take in time
  uint64_t refused = 0;    // of blocks that a broker does not take, now or later
  uint64_t closed = 0;     // of blocks that were still here at the end
  uint64_t pending = 0;    // of blocks on their way
  // Of blocks that went out again through a new producer: pairers skip what they have.
  uint64_t resent = 0;

  static void Visit(auto visit, auto&... counters) {
    visit("sent", "", counters.sent...);
    visit("acked", "", counters.acked...);
    visit("lost", "TimedOut", counters.timed_out...);
    visit("lost", "Refused", counters.refused...);
    visit("lost", "Closed", counters.closed...);
    visit("pending", "", counters.pending...);
    visit("resent", "", counters.resent...);
  }
  friend bool operator==(const OutletCounters&, const OutletCounters&) = default;
};

// The way of a receiver's blocks into the log. Blocks of one partition keep their order. Used by one
// thread.
class BlockOutlet {
 public:
  virtual ~BlockOutlet() = default;

  // Checks the topic and connects. What is wrong with the topic is named, with what to do. May be called
  // again after it failed.
  virtual Status Open() = 0;
  // Takes the block over; `count` is that of its halves. Only after Open. The caller looks at bytes():
  // there is no other bound.
  virtual void Send(uint32_t partition, std::string block, uint32_t count) = 0;
  // Notes what was acknowledged or lost, and waits for that at most `wait`.
  virtual void Poll(base::Nanos wait) = 0;
  // Waits until nothing is on its way, at most `wait`, and counts what is left as closed.
  virtual void Close(base::Nanos wait) = 0;

  virtual size_t bytes() const = 0;  // of blocks on their way
  virtual const OutletCounters& counters() const = 0;
  // What hinders it now; ok: nothing. kFailedPrecondition: nothing may be sent until it is over.
  virtual Status status() const = 0;
};

}  // namespace traffictap::shuffle
