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
};
constexpr size_t kDropReasonCount = 5;
const char* ToString(DropReason reason);

// An output's counters: offered = delivered + dropped[*] + queued, at every moment that counters() shows.
struct SinkCounters {
  uint64_t offered = 0;
  uint64_t delivered = 0;
  std::array<uint64_t, kDropReasonCount> dropped{};
  uint64_t queued = 0;
  uint64_t delivered_bytes = 0;
  Status status;  // the last failure, until a record is delivered again
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
  // Flushes within `wait`, drops the rest as kClosed, releases the resources. The second call does
  // nothing.
  virtual void Close(base::Nanos wait) = 0;
  virtual SinkCounters counters() const = 0;
};

}  // namespace traffictap::sinks
