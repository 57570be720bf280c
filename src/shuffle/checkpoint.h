// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pairing/half_time.h"
#include "pairing/pairer.h"
#include "shuffle/partition_clock.h"

namespace traffictap::shuffle {

// Where a half stands in its partition: the offset of its block, and its place there.
constexpr uint64_t PositionOf(int64_t offset, size_t index) {
  return static_cast<uint64_t>(offset) << 16 | index;
}
constexpr int64_t OffsetOf(uint64_t position) { return static_cast<int64_t>(position >> 16); }

// The books of one partition, which move with it from owner to owner:
//   received = taken + filtered, and taken = JoinCounters::kept.
// Halves that a receiver sent are received, lost, or stand in the log further on.
struct PartitionCounters {
  uint64_t blocks = 0;    // empty ones and ticks too
  uint64_t received = 0;  // halves
  uint64_t filtered = 0;  // of taps alone that this pairer has not
  // Never seen: a gap in a receiver's numbers, a block that was broken, halves that waited and were
  // gone from the log when another owner looked for them.
  uint64_t lost = 0;
  uint64_t repeated = 0;  // sent twice, and skipped
  uint64_t broken_blocks = 0;
  uint64_t skipped_blocks = 0;  // owners have died of them; their halves are lost
  // Plain ones where they have to be encrypted, and altered ones: nothing of them is believed.
  uint64_t refused_blocks = 0;

  static void Visit(auto visit, auto&... counters) {
    visit("blocks", "", counters.blocks...);
    visit("received", "", counters.received...);
    visit("filtered", "", counters.filtered...);
    visit("lost", "", counters.lost...);
    visit("repeated", "", counters.repeated...);
    visit("broken_blocks", "", counters.broken_blocks...);
    visit("skipped_blocks", "", counters.skipped_blocks...);
    visit("refused_blocks", "", counters.refused_blocks...);
  }
  friend bool operator==(const PartitionCounters&, const PartitionCounters&) = default;
};

// What a receiver's next half is numbered, and when its last block was appended.
struct Sequence {
  uint64_t next = 0;
  base::Nanos appended = 0;
  friend bool operator==(const Sequence&, const Sequence&) = default;
};

// All that another owner of the partition must know to go on as if it had been there: a position, and
// which halves before it still wait.
struct Checkpoint {
  int64_t next_offset = 0;  // the first block that was not taken
  int64_t read_from = 0;    // the first one to be read again
  PartitionClock::State clock;
  base::Nanos last_arrival = 0;
  base::Nanos last_loss = INT64_MIN;
  base::Nanos longest_window = 5 * base::kSecond;  // seen, or usual
  std::map<std::string, Sequence> sequences;       // by receiver
  PartitionCounters counters;
  pairing::JoinCounters joins;
  std::vector<pairing::HalfTime> waiting;  // ascending by position; windows are not kept: 0
  // Blocks from read_from on that are not read again either: owners have died of them. Ascending.
  std::vector<int64_t> skipped;
};

// Bytes with a checksum; about four for a half that waits, more for one of an open stream.
std::string Encode(const Checkpoint& checkpoint);
// Any bytes are safe. kDataLoss: these are none; kUnimplemented: of a newer format.
StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes);

}  // namespace traffictap::shuffle
