// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sinks/memory_pool.h"

namespace traffictap::pipeline {

// Records that came together.
struct RecordedPart {
  std::string records;            // traffic::EncodeRecords'
  std::vector<uint16_t> outputs;  // of each record: bit i is set where output i wants it
  base::Nanos at = 0;             // monotonic: when they came

  size_t size() const { return outputs.size(); }
  size_t bytes() const { return sizeof(*this) + records.size() + size() * sizeof(uint16_t); }
};

// The held records of a recorder, bounded by bytes and by what the collector's memory for outputs
// allows. What is over it makes the oldest go: first of the ring, then of a dump that waits for its
// outputs. held = recorded - overwritten - taken. Pure but for the times that it is given; one
// thread.
class RecorderRing {
 public:
  // `memory` may be null.
  RecorderRing(size_t bytes_max, std::unique_ptr<sinks::MemoryAccount> memory)
      : bytes_max_(bytes_max), memory_(std::move(memory)) {}

  // Behind what is there: of the dump while one is open, else of the ring. Times do not go back.
  void Add(RecordedPart part);
  // Opens a dump with what came at `from` or later; the ring keeps what came before.
  void OpenDump(base::Nanos from);
  // What comes from now on is the ring's again. What the dump holds stays for Take.
  void CloseDump() { open_ = false; }
  // The dump's next part; none: there is none now.
  std::optional<RecordedPart> Take();
  // Overwrites everything.
  void Clear() {
    while (DropOldest()) {
    }
  }
  bool dump_empty() const { return dump_.empty(); }

  uint64_t held() const { return held_; }
  size_t bytes() const { return bytes_; }
  uint64_t overwritten() const { return overwritten_; }
  // Of these, those that came at `from` or later, exact to a second for the last hour.
  uint64_t OverwrittenSince(base::Nanos from) const;
  // Of these, those that were a dump's, since the dump was opened.
  uint64_t dump_overwritten() const { return dump_overwritten_; }

 private:
  bool MakeRoom(size_t bytes);
  bool DropOldest();
  void Overwrite(base::Nanos at, uint64_t records);
  RecordedPart Remove(std::deque<RecordedPart>* from);

  const size_t bytes_max_;
  const std::unique_ptr<sinks::MemoryAccount> memory_;
  std::deque<RecordedPart> ring_;
  std::deque<RecordedPart> dump_;
  bool open_ = false;
  uint64_t held_ = 0;
  size_t bytes_ = 0;
  uint64_t overwritten_ = 0;
  uint64_t dump_overwritten_ = 0;
  std::deque<std::pair<int64_t, uint64_t>> gaps_;  // by the second in which the records had come
};

}  // namespace traffictap::pipeline
