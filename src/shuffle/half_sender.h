// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "shuffle/block_builder.h"
#include "shuffle/block_outlet.h"
#include "traffic/packed_entry.h"

namespace traffictap::shuffle {

struct HalfSenderOptions {
  BlockBuilderOptions blocks;
  size_t bytes_max = size_t{256} << 20;        // of blocks on their way, before it has no room
  base::Nanos retry_wait = 2 * base::kSecond;  // until the outlet is opened again
};

struct SenderState {
  Status trouble;  // ok: blocks go out
  bool open = false;
  OutletCounters counters;
  uint64_t building = 0;  // halves of blocks that are not sealed
  size_t bytes = 0;       // of blocks on their way
};

// A receiver's way to the log: halves into blocks, blocks into the outlet. While there is no room, its
// caller keeps what it has: nothing is lost here but what the outlet counts, each half of it with its
// number, so that pairers count the same. Used by one thread, but for state().
class HalfSender {
 public:
  // Both outlive the sender.
  HalfSender(HalfSenderOptions options, BlockOutlet* outlet, const base::Clock* clock);

  // BlockHeader::taps_hash, from now on.
  void SetTapsHash(uint64_t hash) { builder_.SetTapsHash(hash); }

  // Opens the outlet where it must. Waits for room at most `wait`.
  bool HasRoom(base::Nanos wait);
  // Only while there is room. `key`: traffic::PartitionKey of the entry before anything of it was
  // hidden. `taps`: hashes, ascending (TapHash).
  void Add(uint64_t key, const traffic::PackedEntry& entry, const traffic::NodePtr& node,
           std::span<const uint64_t> taps, base::Nanos window);
  // Sends what is due; to be called several times a second. Not called while there is no room: an empty
  // block would say that nothing older is to come.
  void EndTurn();
  // Says goodbye and waits until the log has all, at most `wait`.
  void Finish(base::Nanos wait);
  // For state(), after each turn.
  void Publish();

  // The log was reached.
  bool open() const { return open_; }
  SenderState state() const;

 private:
  const HalfSenderOptions options_;
  BlockOutlet* const outlet_;
  const base::Clock* const clock_;
  BlockBuilder builder_;
  bool open_ = false;
  base::Nanos open_at_ = 0;  // not before. Monotonic
  Status trouble_;

  mutable absl::Mutex mutex_;
  SenderState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::shuffle
