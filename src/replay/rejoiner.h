// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "pairing/pairer.h"
#include "replay/record_entries.h"
#include "replay/record_merge.h"

namespace traffictap::replay {

// records = whole + incomplete + copies; the halves of the incomplete ones are in `join`: kept = 2 * pairs +
// retries + orphans + duplicates (+ waiting, until Finish).
struct RejoinCounters {
  // untouched: both sides and all attempts are there, a side was hidden, or the stream was open
  uint64_t whole = 0;
  uint64_t incomplete = 0;  // went through the pairer
  uint64_t copies = 0;      // left out: a whole record with the same id and tap says as much
  uint64_t outdone = 0;   // of the incomplete: left out for the same reason, as that one came later
  uint64_t rejoined = 0;  // records that came out with more sides than any that went in
  pairing::JoinCounters join;
};

// Joins halves that were written alone, and leaves out copies of the last kWholeMax whole records: after
// a pairer was killed, another one may have written its last records once more. What stays as it was
// comes out as the line that came in; a joined record keeps the id of its client's half, which is the one that it would have had, and
// gets its verdict anew. Time is that of the records, so the same files give the same result. Used
// by one thread.
class Rejoiner {
 public:
  static constexpr size_t kWholeMax = 1 << 18;
  using Consume = std::function<void(Record record, const traffic::TrafficPair& pair)>;

  // `window`: how far apart in time halves may have been written. `next` is called within Add and
  // Finish.
  Rejoiner(base::Nanos window, Consume next);
  ~Rejoiner();

  // In the order of time, as RecordMerge has them.
  void Add(Record record);
  // What still waits comes out alone.
  void Finish();
  RejoinCounters counters() const;

 private:
  class Output;
  class WholeRecords;
  base::Nanos now_ = 0;
  RejoinCounters counters_;
  EntryMaker entries_;
  const Consume next_;
  const std::unique_ptr<WholeRecords> whole_;
  std::unique_ptr<Output> output_;
  std::unique_ptr<pairing::Pairer> pairer_;
};

}  // namespace traffictap::replay
