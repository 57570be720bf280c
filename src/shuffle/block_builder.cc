// SPDX-License-Identifier: Apache-2.0
#include "shuffle/block_builder.h"

#include <utility>

namespace traffictap::shuffle {

BlockBuilder::BlockBuilder(BlockBuilderOptions options, Emit emit)
    : options_(std::move(options)), emit_(std::move(emit)), partitions_(options_.partitions) {}

void BlockBuilder::Add(uint32_t partition, const traffic::PackedEntry& entry,
                       const traffic::NodePtr& node, std::span<const uint64_t> taps,
                       base::Nanos window, base::Nanos now) {
  Partition& to = partitions_[partition];
  if (to.encoder.count() == 0) to.opened = now;
  to.encoder.Add(entry, node, taps, window);
  ++pending_;
  if (to.encoder.bytes() >= options_.block_bytes_max || to.encoder.count() == kHalvesMax) {
    Seal(partition, now, false);
  }
}

void BlockBuilder::Advance(base::Nanos now) {
  for (uint32_t i = 0; i < options_.partitions; ++i) {
    const Partition& one = partitions_[i];
    const bool due = one.encoder.count() > 0 && now - one.opened >= options_.linger;
    const bool silent = !one.spoke || now - one.last_said >= options_.silence;
    if (due || (one.encoder.count() == 0 && silent)) Seal(i, now, false);
  }
}

void BlockBuilder::Bye(base::Nanos now) {
  for (uint32_t i = 0; i < options_.partitions; ++i) Seal(i, now, true);
}

void BlockBuilder::Seal(uint32_t partition, base::Nanos now, bool bye) {
  Partition& from = partitions_[partition];
  const uint32_t count = from.encoder.count();
  BlockHeader header;
  header.receiver = options_.receiver;
  header.taps_hash = taps_hash_;
  header.partition = partition;
  header.first_sequence = from.next_sequence;
  header.bye = bye;
  from.next_sequence += count;
  from.last_said = now;
  from.spoke = true;
  pending_ -= count;
  emit_(partition, from.encoder.Seal(std::move(header), now, options_.cipher.get()), count);
}

}  // namespace traffictap::shuffle
