// SPDX-License-Identifier: Apache-2.0

// When a member says how far it is. Without a transaction it takes messages on while it waits for the
// outputs, and saves the notes of before. With one everything that it took is in there, so it stands
// still from the notes to the commit, and waits for an output that hangs once and not each time.
#include <algorithm>

#include "base/log.h"
#include "shuffle/group_member.h"

namespace traffictap::shuffle {
namespace {

// One that goes on failing is told until it does not; one that was the last one of all, for so long.
constexpr base::Nanos kTellFor = 15 * base::kSecond;
// A process that stops is killed after half a minute, and the commit that failed took its time already.
constexpr base::Nanos kRecallMax = 3 * base::kSecond;

}  // namespace

// With a transaction: also of partitions without a new block, as taps that were removed may have got
// records of them.
void GroupMember::TakeNotes() {
  ForgetNotes();
  noted_at_ = clock_->Monotonic();
  frozen_ = log_->InTransaction();
  for (const auto& [partition, one] : owned_) {
    const uint64_t blocks = one.pairer->counters().blocks;
    if (!one.pairer->restored() || (!frozen_ && blocks == one.blocks_saved)) continue;
    const Checkpoint note = one.pairer->Note();
    notes_.push_back({partition, note.next_offset, Encode(note)});
    noted_blocks_[partition] = blocks;
  }
  marks_ = notes_.empty() ? OutputsProgress() : options_.outputs();
  if (!frozen_) return;
  std::erase_if(in_vain_, [&](const auto& mark) { return Settled({mark}); });
  for (const auto& [name, mark] : in_vain_) marks_.erase(name);
}

void GroupMember::ForgetNotes() {
  notes_.clear();
  noted_blocks_.clear();
  frozen_ = false;
}

// An output that is gone has been closed: what it had is settled.
bool GroupMember::Settled(const OutputsProgress& marks) const {
  const OutputsProgress now = options_.outputs();
  return std::all_of(marks.begin(), marks.end(), [&](const auto& mark) {
    const auto found = now.find(mark.first);
    return found == now.end() || found->second.settled >= mark.second.offered;
  });
}

void GroupMember::AwaitOutputs(const OutputsProgress& marks, base::Nanos wait) const {
  for (base::Nanos waited = 0; !Settled(marks) && waited < wait; waited += kSettleStep) {
    Sleep(kSettleStep);
  }
}

void GroupMember::SaveWhenDue() {
  const base::Nanos now = clock_->Monotonic();
  const bool transacts = log_->InTransaction();
  if (transacts && !log_->TransactionStatus().ok()) return GoBack(log_->TransactionStatus());
  // Notes of before it began lack what is in it.
  if (transacts && !frozen_) ForgetNotes();
  if (notes_.empty() && !frozen_) {
    if (now - noted_at_ < options_.checkpoint_interval) return;
    TakeNotes();
    if (notes_.empty() && !frozen_) return;
  }
  const bool settled = Settled(marks_);
  const base::Nanos wait = frozen_ ? options_.transaction_wait : options_.outputs_wait;
  if (!settled && now - noted_at_ < wait) return;
  if (frozen_ && !settled) {
    for (const auto& mark : marks_) {
      if (!Settled({mark})) in_vain_.insert(mark);
    }
  }
  if (const Status saved = Save(); !saved.ok() && log_->InTransaction()) GoBack(saved);
}

Status GroupMember::Save() {
  Status saved = log_->Save(notes_);
  if (saved.ok()) {
    checkpoints_ += notes_.size();
    transaction_trouble_ = absl::OkStatus();
    for (const auto& [partition, blocks] : noted_blocks_) {
      Partition& one = owned_[partition];
      one.blocks_saved = blocks;
      one.guard = {};  // the checkpoint has what was skipped
    }
  } else {
    checkpoints_failed_ += notes_.size();
    log::For("shuffle").warn("checkpoint not saved partitions={} err=\"{}\"", notes_.size(),
                             Message(saved));
  }
  ForgetNotes();
  return saved;
}

void GroupMember::SaveBeforeRelease() {
  TakeNotes();
  Status saved;
  if (!notes_.empty() || frozen_) {
    AwaitOutputs(marks_, options_.release_wait);
    saved = Save();  // not ok is told, and what is in a transaction then goes with the partitions
  }
  if (!saved.ok() && log_->InTransaction()) {
    // It may have come through, and guards are committed with the places that the group told last.
    Abort();
    if (!log_->Recall(Owned(), kRecallMax).ok()) return;
  }
  ClearGuards();
}

std::vector<uint32_t> GroupMember::Owned() const {
  std::vector<uint32_t> out;
  for (const auto& [partition, one] : owned_) out.push_back(partition);
  return out;
}

// All that goes wrong with a transaction ends here: nobody sees what was in it, and what was taken for it
// is taken again.
void GroupMember::GoBack(const Status& why) {
  log::For("shuffle").warn("transaction aborted, back to the checkpoints err=\"{}\"", Message(why));
  ++transactions_aborted_;
  Abort();
  Assign(Owned(), true);
  // Not before the group has told its places, as above.
  ClearGuards();
  transaction_trouble_ = why;
  calm_until_ = clock_->Monotonic() + options_.retry_wait;
  told_until_ = calm_until_ + kTellFor;
}

}  // namespace traffictap::shuffle
