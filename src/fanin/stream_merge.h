// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "fanin/missing.h"
#include "fanin/position.h"
#include "fanin/seen_records.h"
#include "observe/live_reader.h"
#include "traffic/record_mark.h"

namespace traffictap::fanin {

struct StreamMergeOptions {
  bool follow = false;                      // else the stream ends with the pairers' backlogs
  std::optional<uint64_t> limit;            // records, then the stream ends
  Position from;                            // where the pairers begin
  size_t held_bytes_max = size_t{8} << 20;  // of lines that wait, of all pairers
  size_t seen_max = 32 * 1024;              // records that are remembered, for copies
  // What came within so long is put in order.
  base::Nanos window = 300 * base::kMillisecond;
  // A pairer that is away for less is not told as missing: a connection broke, and is made again.
  base::Nanos away_grace = 2 * base::kSecond;
  // One that has not answered for so long is: it hangs, or is slow.
  base::Nanos slow_after = 5 * base::kSecond;
  // One that is open says something all ten seconds, if only an empty line.
  base::Nanos silent_after = 12 * base::kSecond;
};

// One stream of the streams of several pairers (observe/README.md). What a pairer sends up to a
// Position is a batch: whole batches alone are passed on, those that came together in the order of
// their records' times, and then a Position that is one of each pairer. So a reader that comes again
// with it misses and repeats nothing, whatever broke. A line Partial tells whose records are not
// there, each time that this changes.
//
// Bounded: a pairer for whose lines there is no room is let go, and comes again from where it was,
// so that its backlog waits for a slow reader and not our memory. Thread-safe.
class StreamMerge {
 public:
  // `clock` outlives it.
  StreamMerge(StreamMergeOptions options, const base::Clock* clock);

  // --- for who reads the pairers ---
  // A pairer is asked from now on; returns the number by which it is known below.
  int Add(const std::string& address);
  // What people call it; empty: by its address. One that was told as missing, or is asked elsewhere by
  // now, is missing until it opens.
  void SetName(int pairer, const std::string& name);
  // Exactly these are missing besides those that are asked.
  void SetAbsent(std::vector<Missing> absent);
  // It is no pairer any more. What is whole of it is passed on.
  void Remove(int pairer);
  // The position after which to ask it next; empty: none.
  std::string PositionOf(int pairer) const;
  void Opened(int pairer);
  // Something came, if only an empty line.
  void Heard(int pairer);
  // A line without its end. kResourceExhausted: there is no room. The pairer is to be let go.
  Status Line(int pairer, const std::string& line);
  // Its stream has ended, for a reason for people, where it did not say End. `no_taps`: it knows none
  // of the taps. What is not whole of it is dropped. False: it is not to be asked again.
  bool Closed(int pairer, const std::string& reason, bool no_taps);
  // It is let go since there is no room, and asked again once there is: it is not missing.
  void LetGo(int pairer);
  bool HasRoom() const;

  // --- for the reader ---
  // What is due, with the control lines. True when there is more already.
  bool Pull(observe::LiveOutput* out);
  // Why the stream has ended; empty: it has not.
  std::string end() const;
  uint64_t sent() const;

 private:
  struct Item {
    int connection = 0;
    std::string line;  // with its end
    bool marked = false;
    traffic::RecordMark mark;
  };
  // What a pairer sent up to a Position, or its End.
  struct Batch {
    std::vector<Item> items;
    std::vector<std::string> gaps;
    std::string position;  // empty: none came
    size_t bytes = 0;
    base::Nanos came = 0;
  };
  enum class State { kAsked, kOpen, kLetGo, kAway, kDone };
  struct Leg {
    std::string address;
    int connection = 0;  // another number for each
    std::string name;
    State state = State::kAsked;
    std::string reason;     // of kAway
    base::Nanos since = 0;  // not open since; of kOpen: last heard
    bool no_taps = false;   // it knows none of them
    bool missed = false;    // missing since before it was asked
    bool said_end = false;  // in this connection
    Batch building;
    std::vector<Batch> whole;
    std::string put;    // the position of the newest whole batch
    std::string taken;  // of the newest one that was passed on
  };

  // Null: it was removed. Valid until it is.
  Leg* Find(int pairer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Control(Leg* leg, const std::string& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Hold(Leg* leg, size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishBatch(Leg* leg) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropBuilding(Leg* leg) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsDue(base::Nanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Batch> TakeBatches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Send(std::vector<Batch> batches, observe::LiveOutput* out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellMissing(std::vector<Missing> missing, observe::LiveOutput* out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Missing> MissingAt(base::Nanos now, bool at_end) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool GivenUp(const Leg& leg, base::Nanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string EndAt(base::Nanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish(const std::string& reason, observe::LiveOutput* out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const StreamMergeOptions options_;
  const base::Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::map<int, Leg> legs_ ABSL_GUARDED_BY(mutex_);
  std::vector<Missing> absent_ ABSL_GUARDED_BY(mutex_);
  int next_ ABSL_GUARDED_BY(mutex_) = 0;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Batch> left_ ABSL_GUARDED_BY(mutex_);  // whole batches of pairers that were removed
  size_t held_ ABSL_GUARDED_BY(mutex_) = 0;
  SeenRecords seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<Missing> told_ ABSL_GUARDED_BY(mutex_);
  uint64_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  bool revoked_ ABSL_GUARDED_BY(mutex_) = false;
  std::string end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace traffictap::fanin
