// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "shuffle/block_cipher.h"
#include "shuffle/topic_message.h"
#include "traffic/entry_batch.h"

// The bytes of one message of the shuffle's topic: proto/traffictap/v1/half_block.proto describes
// them.
namespace traffictap::shuffle {

// Bounds of what is read. Blocks are made far smaller (block_builder.h).
constexpr uint32_t kHalvesMax = 1 << 16;
constexpr base::Nanos kWindowMax = 600 * base::kSecond;
constexpr base::Nanos kAgeMax = 3600 * base::kSecond;

// What stands for a tap in blocks: of tap::TapSpec::key(), "namespace/name" or "name".
uint64_t TapHash(std::string_view tap_key);

struct BlockHeader {
  uint32_t format_major = kFormatMajor;
  uint32_t format_minor = kFormatMinor;
  std::string receiver;    // names one life of one receiver; empty: a pairer's tick
  uint64_t taps_hash = 0;  // equal where two collectors have the same taps in force
  uint32_t partition = 0;
  // Of the first half; without halves: of the next one to come. The first of all is 1; of a tick 0.
  uint64_t first_sequence = 0;
  uint32_t count = 0;
  base::Nanos sealed = 0;        // the receiver's monotonic clock
  base::Nanos greatest_age = 0;  // 0 to kAgeMax
  bool bye = false;
  std::optional<BlockEncryption> encryption;  // of the body; none: it is plain
  friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

// Collects the halves of one block. Not thread-safe.
class BlockEncoder {
 public:
  // `taps`: hashes, ascending. `entry.arrival` is the receiver's monotonic clock; `entry.taps` is not
  // read.
  void Add(const traffic::PackedEntry& entry, const traffic::NodePtr& node,
           std::span<const uint64_t> taps, base::Nanos window);

  uint32_t count() const { return count_; }
  // Of the body so far.
  size_t bytes() const { return dictionaries_.size() + halves_.size(); }
  // When the oldest half arrived; of none where count() is 0.
  base::Nanos oldest() const { return oldest_; }

  // The message, and an empty encoder again. Of `header` the format, `count`, `sealed` (to `now`),
  // `greatest_age` and `encryption` are set here. Without a cipher it is plain.
  std::string Seal(BlockHeader header, base::Nanos now, BlockCipher* cipher = nullptr);

 private:
  uint32_t PlaceOf(const traffic::NodePtr& node);
  uint32_t PlaceOf(std::span<const uint64_t> taps);

  std::string dictionaries_;
  std::string halves_;
  std::map<traffic::NodePtr, uint32_t> nodes_;
  std::map<std::vector<uint64_t>, uint32_t> tap_sets_;
  uint32_t count_ = 0;
  base::Nanos oldest_ = 0;
};

struct Half {
  // Lives as long as its block. `node` is set; `taps` is empty and `arrival` 0: they are the
  // pairer's.
  traffic::PackedEntry* entry = nullptr;
  uint32_t node = 0;       // place in Block::nodes
  uint32_t tap_set = 0;    // place in Block::tap_sets
  base::Nanos age = 0;     // when the block was sealed; 0 to kAgeMax
  base::Nanos window = 0;  // 0 to kWindowMax
};

struct Block {
  BlockHeader header;
  std::vector<traffic::NodePtr> nodes;
  std::vector<std::vector<uint64_t>> tap_sets;  // of tap hashes
  std::vector<Half> halves;                     // number i is first_sequence + i
  traffic::EntryBatch storage{nullptr};
};

// Any bytes are safe. kDataLoss: these are none, or their checksum is wrong; kUnimplemented: of a
// newer major format, which the message names.
StatusOr<BlockHeader> DecodeHeader(std::string_view bytes);
// The same, all of it. Where it fails with kDataLoss and DecodeHeader does not, `header.count` halves
// are lost; nobody vouches for the header of an encrypted one then. kFailedPrecondition: its key is not
// here; the message says what to do. kUnauthenticated: nobody who has the key made it: it is plain where
// `cipher` takes none, or was altered.
StatusOr<std::unique_ptr<Block>> DecodeBlock(std::string_view bytes, BlockCipher* cipher = nullptr);

}  // namespace traffictap::shuffle
