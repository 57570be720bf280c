// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "traffic/record_consumer.h"

namespace traffictap::observe {

struct LiveHubOptions {
  size_t tap_bytes_max = size_t{64} << 20;  // of one tap's backlog
  size_t bytes_max = size_t{256} << 20;     // of all backlogs
  int readers_max = 32;
};

// A tap's backlog. A record's ordinal counts the tap's records from 0 since the collector started:
// published = dropped + the records that the backlog holds.
struct BacklogCounters {
  uint64_t published = 0;
  uint64_t dropped = 0;  // overwritten: no reader can have them any more
  size_t bytes = 0;
  base::Nanos oldest = 0;  // wall clock of the oldest batch, 0: empty
};

// A batch in a backlog; the ordinal of its record i is `first` + i.
struct BacklogBatch {
  std::shared_ptr<const traffic::RecordBatch> records;
  uint64_t first = 0;
  base::Nanos published = 0;  // wall clock
};

// What Read found.
struct BacklogPart {
  std::vector<BacklogBatch> batches;
  // records between the ordinal that was asked for and the oldest one that is left
  uint64_t dropped = 0;
  uint64_t begin = 0;  // where reading goes on; the first batch may begin before it
  uint64_t next = 0;   // the ordinal to read from next time
  bool more = false;   // there is more now
  bool ended = false;  // the tap is gone and all that it had was read
};

// The last records of every tap, for any number of readers. A reader asks for what came since its
// own position, so it can be as slow as it likes: what was overwritten meanwhile is a gap of known
// size to it, and nothing to others. While nobody reads, the backlog's memory is the only cost: no
// record is rendered. Thread-safe.
class LiveHub final : public traffic::RecordConsumer {
 public:
  // `clock` outlives the hub.
  LiveHub(LiveHubOptions options, const base::Clock* clock);

  void Consume(std::shared_ptr<const traffic::RecordBatch> batch) override;

  // The taps in force. A tap that is not here any more keeps its backlog for those who read it,
  // until it comes back (then it goes on) or the next call.
  void SetTaps(const std::vector<std::string>& taps);
  std::vector<std::string> taps() const;

  // Batches of `tap` from ordinal `from` on, at most about `records_max` records. kNotFound: no
  // such tap.
  StatusOr<BacklogPart> Read(const std::string& tap, uint64_t from, size_t records_max) const;
  // The ordinal of the first record that was published at `wall` or later; 0 for the whole backlog.
  StatusOr<uint64_t> OrdinalAt(const std::string& tap, base::Nanos wall) const;
  StatusOr<BacklogCounters> counters(const std::string& tap) const;

  // The wall clock when the hub began: tells positions of this process from those of an earlier
  // one.
  uint64_t epoch() const { return epoch_; }

  // Counts readers: false when there are too many. ReaderLeft once for each true.
  bool ReaderEntered();
  void ReaderLeft();
  int readers() const;

  // No more records: readers end once they have read everything. Waits for that at most `wait`.
  void Close(base::Nanos wait);

 private:
  struct Backlog {
    std::deque<BacklogBatch> batches;
    BacklogCounters counters;
    bool in_force = true;
  };
  bool ReadersGone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return readers_ == 0; }
  void DropOldest(Backlog* backlog) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeRoom(Backlog* backlog) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Backlog* Oldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LiveHubOptions options_;
  const base::Clock* const clock_;
  const uint64_t epoch_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Backlog> backlogs_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int readers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace traffictap::observe
