// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "pairing/pairer.h"
#include "shuffle/group_member_options.h"
#include "shuffle/pairer_log.h"
#include "shuffle/partition_pairer.h"

namespace traffictap::shuffle {

// A member's state at one moment.
struct MemberState {
  Status trouble;                // ok: it takes what the log has
  bool joined = false;           // the group has given it its partitions, if only none
  uint64_t partitions = 0;       // that it owns
  uint64_t partitions_held = 0;  // of those: not read, since it cannot (see `trouble`)
  PartitionCounters counters;    // of those it owns, since each began, whoever had it
  pairing::JoinCounters joins;   // of this member alone, since it started
  size_t waiting_bytes = 0;
  uint64_t behind = 0;    // messages that are not taken yet
  base::Nanos delay = 0;  // the greatest of now - PartitionPairer::now(); 0 where nothing waits
  base::Nanos read_until = INT64_MAX;  // the least PartitionPairer::now(); without partitions this
  uint64_t checkpoints = 0;            // of partitions that were saved
  uint64_t checkpoints_failed = 0;
  uint64_t transactions_aborted = 0;
};

// One member of the pairers' group: joins the halves of the partitions that it is given, and says in
// the log how far it is. Offsets are committed with the checkpoint alone, and that once the outputs
// are through with the records of all halves before: so partitions that go in order lose and repeat
// nothing, and a member that is killed repeats the records since its last checkpoint. Where owners
// die one after the other before they have saved anything, the next one names each block before it takes
// it, until it is past what they can have read: the block of which it dies is skipped by its successor
// (CrashGuard). While the log has a transaction, its records are those of the halves before the
// checkpoint that is saved with it and of no others: nothing is taken from when that was noted until
// it is saved. A transaction that fails is aborted, and the member goes back to its checkpoints.
// Used by one thread, but for state().
class GroupMember {
 public:
  // All outlive the member.
  GroupMember(GroupMemberOptions options, PairerLog* log, pairing::PairConsumer* next,
              const base::Clock* clock);

  // Takes what the log brings within `wait`. May call `next`.
  void Turn(base::Nanos wait);
  void RemoveTaps(const traffic::TapSet& removed);
  // To be called after each turn, once its records are with the outputs. Waits where partitions go.
  void EndTurn();
  // Saves and leaves the group. After the last turn.
  void Leave();

  MemberState state() const;

 private:
  static constexpr base::Nanos kSettleStep = 10 * base::kMillisecond;
  struct Partition {
    std::unique_ptr<PartitionPairer> pairer;
    pairing::JoinCounters joins_before;  // what former owners counted
    uint64_t blocks_saved = 0;
    base::Nanos appended = 0;  // the last message; 0: there was none
    base::Nanos heard = 0;     // when its last message came, or a tick was written. Monotonic
    CrashGuard guard;
    int64_t careful_until = 0;  // blocks before this offset are named before they are taken
    bool held = false;
  };
  static void Sleep(base::Nanos wait);
  bool Opened();
  void Reopen(const Status& why);
  // `again`: they are its own already.
  void Assign(const std::vector<uint32_t>& partitions, bool again = false);
  Status Own(uint32_t partition, size_t of, const CommittedState& committed, bool again,
             int64_t* begin);
  void GuardAssigned();
  // At most one block of all partitions is in hand; kNone: none.
  void Name(uint32_t partition, int64_t offset);
  void ClearGuards();
  void Take(const LogEvent& event);
  void TakeAgain();
  void TellTime(Partition* one, base::Nanos appended) const;
  void Hold(uint32_t partition, const Status& why);
  void Revoke(const LogEvent& event);
  void TakeNotes();
  void ForgetNotes();
  bool Settled(const OutputsProgress& marks) const;
  void AwaitOutputs(const OutputsProgress& marks, base::Nanos wait) const;
  void SaveWhenDue();
  Status Save();
  void SaveBeforeRelease();
  std::vector<uint32_t> Owned() const;
  void GoBack(const Status& why);
  void Abort();
  void Drop();
  void WriteTicks();
  pairing::JoinCounters Joins() const;
  void Publish();

  const GroupMemberOptions options_;
  PairerLog* const log_;
  pairing::PairConsumer* const next_;
  const base::Clock* const clock_;

  bool open_ = false;
  base::Nanos open_at_ = 0;  // not before. Monotonic
  bool joined_ = false;
  Status trouble_;
  std::map<uint32_t, Partition> owned_;
  std::optional<LogEvent> revoked_;  // to be answered at the end of the turn
  // A message that waits for taps, with its bytes: no other one is taken before.
  std::optional<std::pair<LogEvent, std::string>> waiting_;
  bool named_ = false;    // the turn took a block that was named: its last one
  bool in_hand_ = false;  // a block may be; while none is, messages need no walk over partitions
  // What a named block waited for in vain: no further one waits before that is settled.
  std::optional<OutputsProgress> hung_;
  pairing::JoinCounters joins_past_;  // of partitions that it had
  // A checkpoint on its way: what is to be saved once the outputs are as far as `marks_`.
  std::vector<StateToSave> notes_;
  std::map<uint32_t, uint64_t> noted_blocks_;
  OutputsProgress marks_;
  base::Nanos noted_at_ = 0;
  bool frozen_ = false;         // they are of the transaction that is open: nothing is taken
  OutputsProgress in_vain_;     // what transactions waited for in vain: no further one waits for it
  base::Nanos calm_until_ = 0;  // nothing is taken after a transaction failed. Monotonic
  base::Nanos told_until_ = 0;  // that it failed. Monotonic
  Status transaction_trouble_;  // why it failed, until one gets through
  uint64_t transactions_aborted_ = 0;
  uint64_t checkpoints_ = 0;
  uint64_t checkpoints_failed_ = 0;

  mutable absl::Mutex mutex_;
  MemberState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::shuffle
