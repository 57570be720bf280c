// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "shuffle/commit_note.h"

namespace traffictap::kafkaclient {
class RecordTransaction;
}

namespace traffictap::shuffle {

// What the log has for a pairer, one thing at a time.
struct LogEvent {
  enum class Kind {
    kNothing,
    kMessage,   // of a partition that was begun
    kAssigned,  // to be answered by Begin, or by Release
    kRevoked    // to be answered by Release, before the next Poll
  };
  Kind kind = Kind::kNothing;
  uint32_t partition = 0;
  int64_t offset = 0;
  base::Nanos appended = 0;          // by the broker
  std::string_view bytes;            // until the next call
  std::vector<uint32_t> partitions;  // that are assigned
  bool lost = false;                 // they are another member's by now: nothing can be saved
  // kRevoked: not ok where the log has to be closed and opened again.
  Status failed = absl::OkStatus();
};

// A partition's checkpoint, and the offset that is committed with it.
struct StateToSave {
  uint32_t partition = 0;
  int64_t next_offset = 0;
  std::string checkpoint;
};

// What the group's commit says of a partition.
struct CommittedState {
  std::optional<std::string> checkpoint;
  CrashGuard guard;
};

// The topics and the group as one pairer sees them. Used by one thread.
class PairerLog {
 public:
  // Where a partition begins of which nobody has committed anything.
  static constexpr int64_t kBeginning = -1;

  virtual ~PairerLog() = default;

  // Checks the topics and joins the group. What is wrong with a topic is named, with what to do. May be
  // called again after it failed, and after Close.
  virtual Status Open() = 0;
  // Leaves the group and lets go of all partitions; nothing is saved.
  virtual void Close() = 0;
  virtual LogEvent Poll(base::Nanos wait) = 0;

  // What the group's commits say, and the checkpoints that they point to; without a commit a partition
  // is not in it. kDataLoss: a commit or its checkpoint is not ours; others: try again later.
  virtual StatusOr<std::map<uint32_t, CommittedState>> ReadCommitted(
      const std::vector<uint32_t>& partitions) = 0;
  // Asks for these commits alone, within `wait`: Guard is to repeat what a Save has done that failed. Fails as
  // ReadCommitted.
  virtual Status Recall(const std::vector<uint32_t>& partitions, base::Nanos wait) = 0;
  // Commits the offsets and checkpoints that are committed already, with other guards. Fails as Save.
  virtual Status Guard(const std::map<uint32_t, CrashGuard>& guards) = 0;
  // The offset that the partition's next message will have.
  virtual StatusOr<int64_t> End(uint32_t partition) = 0;
  // Messages come from these offsets on.
  virtual Status Begin(const std::map<uint32_t, int64_t>& offsets) = 0;
  virtual void Release() = 0;
  // Writes the checkpoints, and once the log has them commits the offsets, without guards. Fails where the
  // partitions are not ours any more: then nothing is committed. With a transaction all of it is in there,
  // which is committed and over, or fails and stays open; `states` may be empty then.
  virtual Status Save(const std::vector<StateToSave>& states) = 0;

  // Outputs whose records go into this log's cluster write them into a transaction, by way of records():
  // null where there is none. It begins with a record.
  virtual kafkaclient::RecordTransaction* records() = 0;
  virtual bool InTransaction() const = 0;
  // Not ok: the transaction that is open can only be aborted.
  virtual Status TransactionStatus() const = 0;
  // Ends the transaction that is open: nobody reads what was written in it.
  virtual void Abort() = 0;
  // No more messages of it come until it is begun again.
  virtual void Pause(uint32_t partition) = 0;
  // Appends a block to the halves, if it can.
  virtual void Append(uint32_t partition, const std::string& block) = 0;

  // How many messages the partition has from that offset on, as far as is known.
  virtual uint64_t Behind(uint32_t partition, int64_t next_offset) const = 0;
  // What hinders it now; ok: nothing.
  virtual Status status() const = 0;
};

}  // namespace traffictap::shuffle
