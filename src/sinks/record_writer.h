// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "sinks/sink.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// Where a writer tells the end of the records that it took. Thread-safe.
class RecordLedger {
 public:
  virtual ~RecordLedger() = default;
  virtual void Delivered(uint64_t records, uint64_t bytes) = 0;
  virtual void Dropped(DropReason reason, uint64_t records, const Status& why) = 0;
  // `records` that were told as delivered may be lost all the same: the disk failed later.
  virtual void Doubted(uint64_t /*records*/, const Status& why) { Troubled(why); }
  // Trouble that has not cost a record yet.
  virtual void Troubled(const Status& why) = 0;
};

// `taken` records from the start of what was asked were taken: for each of them the writer calls
// Delivered or Dropped once, during the call or later. The caller keeps the others: a retryable
// status makes it ask again after a back-off, any other one makes it drop the rest of the
// selection. OK with nothing taken means "ask again".
struct WriteResult {
  size_t taken = 0;
  Status status;
};

// The blocking half of a sink: one thread owns it and calls nothing after Close.
class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  // Called again with a back-off until it is OK. `ledger` outlives the writer.
  virtual Status Open(RecordLedger* ledger) = 0;
  // Offers the records of `records` from position `from` on. Returns within about a second.
  virtual WriteResult Write(const traffic::RecordSelection& records, size_t from) = 0;
  // Pushes what was taken towards the outside; called when the queue ran empty and somebody waits
  // for it.
  virtual Status Flush() = 0;
  // Called several times a second: time-outs, delivery reports, rotation by age.
  virtual void Poll() = 0;
  // How long it can do without, while no record comes; `usual` is what others have.
  virtual base::Nanos PollInterval(base::Nanos usual) const { return usual; }
  // Ends what was taken within `wait`; what is left then counts as kClosed.
  virtual void Close(base::Nanos wait) = 0;
};

}  // namespace traffictap::sinks
