// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// Why an output dropped a record.
enum class DropReason : uint8_t {
  kQueueFull,    // the output is slower than its traffic
  kWriteFailed,  // refused in a way that a retry cannot heal
  kTooLarge,     // over the output's record bound
  kTimedOut,     // not delivered within the output's own time
  kClosed,       // still waiting when the output closed
  kAbandoned,    // in the hands of a writer that did not close in time: it may have got through
  // Of an output whose delivery is Durable, out of its spool:
  kSpoolFull,     // the oldest, beyond delivery.maxSize
  kSpoolExpired,  // older than delivery.maxAge
  kSpoolDamaged,  // lost or unreadable on the disk
};
constexpr size_t kDropReasonCount = 9;
const char* ToString(DropReason reason);

// An output's counters: offered + recovered = delivered + dropped[*] + queued + kept, at every moment
// that counters() shows. `recovered`, `kept` and the three after them are 0 unless its delivery is
// Durable.
struct SinkCounters {
  uint64_t offered = 0;
  uint64_t delivered = 0;
  std::array<uint64_t, kDropReasonCount> dropped{};
  uint64_t queued = 0;
  uint64_t delivered_bytes = 0;
  uint64_t recovered = 0;    // found in the spool when it was opened
  uint64_t kept = 0;         // left in the spool when the output closed
  uint64_t spooled = 0;      // of offered: put on disk
  uint64_t replayed = 0;     // written again, so perhaps delivered twice
  uint64_t spool_bytes = 0;  // of the spool's files
  Status status;             // the last failure, until a record is delivered again

  static void Visit(auto visit, auto&... counters) {
    visit("offered", "", counters.offered...);
    visit("delivered", "", counters.delivered...);
    for (size_t i = 0; i < kDropReasonCount; ++i) {
      visit("dropped", ToString(static_cast<DropReason>(i)), counters.dropped[i]...);
    }
    visit("queued", "", counters.queued...);
    visit("delivered_bytes", "", counters.delivered_bytes...);
    visit("recovered", "", counters.recovered...);
    visit("kept", "", counters.kept...);
    visit("spooled", "", counters.spooled...);
    visit("replayed", "", counters.replayed...);
    visit("spool_bytes", "", counters.spool_bytes...);
  }
};

// An output of a tap. Thread-safe. No call but Flush and Close waits for the world outside.
class Sink {
 public:
  virtual ~Sink() = default;
  // Takes the records or, with the queue full, drops and counts them. After Close: dropped as
  // kClosed.
  virtual void Offer(traffic::RecordSelection records) = 0;
  // Waits at most `wait` until all that was offered before is delivered or dropped;
  // kDeadlineExceeded otherwise.
  virtual Status Flush(base::Nanos wait) = 0;
  // From now on nothing is taken. What waits has `wait` to get through and is then dropped as
  // kClosed; a writer that does not come back is abandoned a little later, as kAbandoned. Returns
  // at once. The first call counts.
  virtual void BeginClose(base::Nanos wait) = 0;
  // True once that is done: the counters are final. To be asked again and again, since it is the
  // asking that abandons. Never waits.
  virtual bool Closed() = 0;
  // BeginClose, then waits until Closed. The second call waits for the first one.
  virtual void Close(base::Nanos wait) = 0;
  // What the sink would keep for a next life is to be deleted when it closes. Before it has closed.
  virtual void Discard() {}
  virtual SinkCounters counters() const = 0;
};

}  // namespace traffictap::sinks
