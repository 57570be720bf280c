// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "pairing/hot_ids.h"
#include "pairing/pairer.h"
#include "pairing/remote_proxies.h"
#include "shuffle/checkpoint.h"
#include "shuffle/half_block.h"
#include "shuffle/partition_clock.h"

namespace traffictap::shuffle {

struct PartitionPairerOptions {
  uint32_t partition = 0;
  size_t waiting_bytes_max = size_t{512} << 20;
  size_t tombstones_max = 1 << 15;      // as PairerOptions'; of one partition
  std::shared_ptr<BlockCipher> cipher;  // null: only plain blocks can be read
  // The taps with these hashes that are in force; may differ from call to call.
  std::function<traffic::TapSet(std::span<const uint64_t>)> taps;
  // Whether a block that was appended then, with these sets of taps, has to wait for taps that are to come.
  std::function<bool(const std::vector<std::vector<uint64_t>>&, base::Nanos appended)> waits =
      [](const auto&, base::Nanos) { return false; };
  pairing::HotIds* hot_ids = nullptr;  // or null: is shown all halves that are taken
  // Who knows the proxies, and is told which receivers are heard; null: nobody knows any. Outlives the
  // pairer.
  pairing::RemoteProxies* proxies = nullptr;
};

// A message of the partition. `bytes` is used during the call alone.
struct PartitionMessage {
  int64_t offset = 0;
  base::Nanos appended = 0;  // by the broker
  std::string_view bytes;
};

// Joins the halves of one partition: what comes out depends on the log and the taps alone, and on the
// bound of its memory. Not thread-safe.
class PartitionPairer {
 public:
  // Begins with the first message that it is given. `next` outlives it.
  PartitionPairer(PartitionPairerOptions options, pairing::PairConsumer* next);
  // Goes on where `checkpoint` was noted. Is given the messages from checkpoint.read_from on: those
  // before next_offset only bring back what waited.
  PartitionPairer(PartitionPairerOptions options, pairing::PairConsumer* next,
                  const Checkpoint& checkpoint);

  // Blocks at these offsets are passed over unread, whenever they come. Before the first message.
  void Skip(const std::vector<int64_t>& offsets) {
    skipped_.insert(offsets.begin(), offsets.end());
  }

  // Takes the next message; may call `next`. A broken block is counted and skipped, and so is one that
  // nobody encrypted who has a key. Of the others nothing was taken: kUnimplemented: of a newer format,
  // the partition must wait for a newer pairer; kFailedPrecondition: its key is not here;
  // kUnavailable: it waits for taps, and is to be given again.
  Status Take(const PartitionMessage& message);
  // As Pairer's.
  void RemoveTaps(const traffic::TapSet& removed) { pairer_.RemoveTaps(removed, clock_.now()); }

  // As it stands between two messages; before all is brought back, that from which it began.
  Checkpoint Note() const;
  // All that the checkpoint told of has been read again.
  bool restored() const { return !from_; }
  // Something waits, so that time must go on: where no receiver writes, the owner writes ticks.
  bool NeedsTime() const { return restored() && pairer_.counters().waiting > 0; }

  // The offset of the first message that was not taken.
  int64_t Position() const { return next_offset_; }
  base::Nanos now() const { return clock_.now(); }
  const PartitionCounters& counters() const { return counters_; }
  const pairing::JoinCounters& joins() const { return pairer_.counters(); }
  size_t waiting_bytes() const { return pairer_.waiting_bytes(); }

 private:
  pairing::PairerOptions PairingOptions();
  std::vector<traffic::TapSet> TapsOf(const Block& block) const;
  void Read(const PartitionMessage& message, const Block& block);
  void ReadAgain(const PartitionMessage& message, const Block& block);
  void FinishRestoring();
  void PassOver(const PartitionMessage& message);
  void Broken(const PartitionMessage& message);
  void Refuse(const PartitionMessage& message, const Status& why);
  base::Nanos TakeHeader(const PartitionMessage& message, const BlockHeader& header);
  void Hear(const std::string& receiver, base::Nanos theirs, base::Nanos ours, bool bye);
  // How many of the block's first halves came before.
  size_t Number(const BlockHeader& header, base::Nanos appended);
  void KeepMark(const PartitionMessage& message);
  void Lose(uint64_t halves, base::Nanos at);
  bool LostSince(pairing::PeerState peer, traffic::PeerMesh mesh, base::Nanos since) const;

  const PartitionPairerOptions options_;
  PartitionClock clock_;
  std::map<std::string, Sequence> sequences_;
  PartitionCounters counters_;
  int64_t next_offset_ = 0;
  base::Nanos last_arrival_ = 0;
  base::Nanos last_loss_ = INT64_MIN;
  base::Nanos longest_window_ = 5 * base::kSecond;
  std::set<int64_t> skipped_;
  base::Nanos refusal_logged_ = INT64_MIN;             // when the block was appended that was
  std::deque<std::pair<base::Nanos, int64_t>> marks_;  // append times and offsets, a second apart
  std::optional<Checkpoint> from_;                     // while restoring
  size_t found_ = 0;                                   // of from_->waiting, or passed
  uint64_t missing_ = 0;                               // of those
  pairing::Pairer pairer_;
};

}  // namespace traffictap::shuffle
