// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shuffle/half_block.h"

namespace traffictap::shuffle {

struct BlockBuilderOptions {
  std::string receiver;                 // BlockHeader::receiver
  std::shared_ptr<BlockCipher> cipher;  // null: blocks are plain
  uint32_t partitions = 64;
  size_t block_bytes_max = 256 * 1024;             // a block is sealed when it has as many
  base::Nanos linger = 50 * base::kMillisecond;    // of a block's first half, at most
  base::Nanos silence = 500 * base::kMillisecond;  // then an empty block says that we are there
};

// Makes the blocks of all partitions: numbers the halves of each, seals a block when it is full or
// old enough, and says that the receiver is there where there is nothing to send. Not thread-safe.
// `now` is the monotonic clock and must not go back.
class BlockBuilder {
 public:
  // `count`: of its halves. Blocks of one partition come in their order.
  using Emit = std::function<void(uint32_t partition, std::string block, uint32_t count)>;
  BlockBuilder(BlockBuilderOptions options, Emit emit);

  // Of the taps that are in force from now on: BlockHeader::taps_hash.
  void SetTapsHash(uint64_t hash) { taps_hash_ = hash; }

  // partition < options.partitions; see BlockEncoder::Add.
  void Add(uint32_t partition, const traffic::PackedEntry& entry, const traffic::NodePtr& node,
           std::span<const uint64_t> taps, base::Nanos window, base::Nanos now);
  // Seals what is due. To be called at least every `linger`.
  void Advance(base::Nanos now);
  // Seals all there is and says goodbye in every partition. Nothing may be added afterwards.
  void Bye(base::Nanos now);

  uint64_t pending() const { return pending_; }  // halves of blocks that are not sealed

 private:
  struct Partition {
    BlockEncoder encoder;
    uint64_t next_sequence = 1;
    base::Nanos opened = 0;     // when its first half was added
    base::Nanos last_said = 0;  // when its last block was sealed
    bool spoke = false;
  };
  void Seal(uint32_t partition, base::Nanos now, bool bye);

  const BlockBuilderOptions options_;
  const Emit emit_;
  std::vector<Partition> partitions_;
  uint64_t taps_hash_ = 0;
  uint64_t pending_ = 0;
};

}  // namespace traffictap::shuffle
