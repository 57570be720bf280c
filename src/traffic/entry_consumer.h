// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "traffic/access_entry.h"
#include "traffic/node.h"

namespace traffictap::traffic {

// Why an entry, or a whole message of unknown entry count (then it counts as one), did not get in.
enum class RejectReason : uint8_t {
  kMalformedEntry,    // the entry's own bytes do not decode; the rest of its message is used
  kMalformedMessage,  // the message's frame is broken; what stood before the break is used
  kNoIdentifier,      // the stream's first message did not say who sends
  kQueueFull,         // the pipeline is behind: dropped rather than slow the mesh
};
constexpr size_t kRejectReasonCount = 4;
const char* ToString(RejectReason reason);

// The reading side of a paused stream. Thread-safe; may be called after the stream has ended, and does
// nothing then.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // Reads on. May deliver to the stream before it returns: to be called without locks.
  virtual void Resume() = 0;
};

// Receives the entries of one stream. Called by one thread at a time; calls never block.
class EntryStream {
 public:
  virtual ~EntryStream() = default;
  // `entry` is valid only during the call.
  virtual void Consume(const AccessEntry& entry) = 0;
  // `count` entries were lost before Consume.
  virtual void Reject(RejectReason reason, uint64_t count) = 0;
  // All of one message was consumed: what was kept goes on now.
  virtual void EndOfMessage() = 0;
  // Asked after each message: true where nobody wants what comes next. The caller then reads nothing
  // until `reader` is resumed, which happens once, and may happen before this returns.
  virtual bool Pause(const std::shared_ptr<StreamReader>& reader) = 0;
  // The stream ended: `clean` when its sender closed it, false when it broke (what it had in flight
  // is lost).
  virtual void End(bool clean) = 0;
};

// Where streams deliver. Thread-safe; outlives all its streams.
class EntryConsumer {
 public:
  virtual ~EntryConsumer() = default;
  virtual std::unique_ptr<EntryStream> OpenStream(NodePtr node) = 0;
  // Entries rejected before their stream had a node.
  virtual void Reject(RejectReason reason, uint64_t count) = 0;
};

}  // namespace traffictap::traffic
