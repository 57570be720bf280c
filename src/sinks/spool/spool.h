// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "sinks/spool/spool_block.h"
#include "sinks/spool/spool_disk.h"
#include "sinks/spool/spool_ledger.h"

namespace traffictap::sinks {

struct SpoolOptions {
  uint64_t bytes_max = uint64_t{1} << 30;
  base::Nanos age_max = 86'400 * base::kSecond;
  base::Nanos sync_interval = 500 * base::kMillisecond;
  uint64_t unsynced_bytes_max = uint64_t{4} << 20;  // more is brought to the disk at once
  // Of one segment, the unit of eviction: an eighth of the spool within these.
  uint64_t segment_bytes_min = uint64_t{1} << 20;
  uint64_t segment_bytes_max = uint64_t{64} << 20;
  std::string name;                    // for the log
  const base::Clock* clock = nullptr;  // outlives the spool
};

// What a spool holds, and what became of the rest. Records: recovered + appended = acked + full +
// expired + damaged + held.
struct SpoolCounters {
  uint64_t recovered = 0;  // found when it was opened, not acknowledged before
  uint64_t appended = 0;
  uint64_t synced = 0;  // of appended: on disk
  uint64_t acked = 0;
  uint64_t full = 0;     // evicted: no room
  uint64_t expired = 0;  // evicted: older than age_max
  uint64_t damaged = 0;  // on the disk, or not, but unreadable
  uint64_t held = 0;
  uint64_t bytes = 0;  // of its files
};

// One block, as it was appended.
struct SpooledBlock {
  std::string bytes;
  uint32_t records = 0;
  SpoolPosition end;       // to acknowledge it and all before it
  bool recovered = false;  // a former life has appended it
};

// Blocks of records in files of one directory, first in, first out: appended by one thread, read
// and acknowledged by another. A block is safe against a crash of the process once appended, and
// against one of the machine once synced (Sync, or Poll every sync_interval). What was read and not
// acknowledged comes again after a crash. Beyond its bounds the oldest segment that nothing was
// read of goes, counted. Any bytes on the disk are safe to open.
// Thread-safe; every call but counters() waits for the disk.
class Spool {
 public:
  Spool(std::unique_ptr<SpoolDisk> disk, SpoolOptions options);
  ~Spool();

  // Finds what a former life has left. Again and again until it is OK; before all else.
  Status Open();
  // kResourceExhausted: no room on the disk, or within bytes_max beside what is being read.
  // kUnavailable: the disk, or not open. Nothing is appended then.
  Status Append(std::string_view bytes, uint32_t records);
  Status Sync();
  // What is due: syncs, writes the ledger, evicts what is too old.
  Status Poll();
  // The next block that was appended and not read; nullopt: there is none now.
  StatusOr<std::optional<SpooledBlock>> Read();
  // The blocks that were read up to `end` are settled.
  Status Ack(SpoolPosition end);
  // Syncs and lets go of the directory. `discard`: what is held is deleted, and the directory.
  void Close(bool discard);

  SpoolCounters counters() const;

 private:
  struct Segment {
    uint64_t number = 0;
    uint64_t bytes = 0;       // readable
    uint64_t file_bytes = 0;  // what it takes on disk
    uint64_t records = 0;
    uint64_t acked = 0;      // of records, the damaged ones that were passed included
    base::Nanos newest = 0;  // monotonic: when its last block came
    base::Nanos begun = 0;
    bool recovered = false;
  };
  struct Reading {
    SpoolPosition end;
    uint64_t records = 0;
  };
  struct Recovery;

  Status Recover() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status ReadLedger(const std::vector<std::string>& names, Recovery* recovery)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Scan(uint64_t number, const Recovery& recovery) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Records of a segment that the ledger knows and the disk has not.
  void CountLost(uint64_t number, uint64_t records, const Recovery& recovery)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Roll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status MakeRoom(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status SyncLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Expire() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Evict(uint64_t number, uint64_t* counter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status DropDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status RemoveSegment(uint64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status WriteLedger() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status ReadAt(Segment* segment, std::optional<SpooledBlock>* out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PassDamaged(Segment* segment, uint64_t to, uint64_t records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t segment_bytes_max() const;
  base::Nanos segment_age_max() const;

  const SpoolOptions options_;
  absl::Mutex mutex_;  // held while the disk is waited for
  const std::unique_ptr<SpoolDisk> disk_ ABSL_PT_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool recovered_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<uint64_t, Segment> segments_ ABSL_GUARDED_BY(mutex_);
  uint64_t active_ ABSL_GUARDED_BY(mutex_) = 0;  // appended to; 0: none yet
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  SpoolPosition read_ ABSL_GUARDED_BY(mutex_);
  SpoolPosition acked_ ABSL_GUARDED_BY(mutex_);
  std::deque<Reading> reading_ ABSL_GUARDED_BY(mutex_);  // read, not acknowledged
  // Of the active segment, from synced_bytes_ on: written again where the disk failed.
  std::string unsynced_ ABSL_GUARDED_BY(mutex_);
  uint64_t synced_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  base::Nanos unsynced_since_ ABSL_GUARDED_BY(mutex_) = 0;
  bool torn_ ABSL_GUARDED_BY(mutex_) = false;  // the file may lack some of unsynced_
  bool ledger_due_ ABSL_GUARDED_BY(mutex_) = false;
  base::Nanos ledger_at_ ABSL_GUARDED_BY(mutex_) = 0;  // when it was last written
  SpoolCounters now_ ABSL_GUARDED_BY(mutex_);

  mutable absl::Mutex counters_mutex_ ABSL_ACQUIRED_AFTER(mutex_);
  SpoolCounters counters_ ABSL_GUARDED_BY(counters_mutex_);
};

}  // namespace traffictap::sinks
