// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::sinks {

// A place in a spool: `offset` bytes into the segment of that number.
struct SpoolPosition {
  uint64_t segment = 0;
  uint64_t offset = 0;
  friend auto operator<=>(const SpoolPosition&, const SpoolPosition&) = default;
};

// Which segments a spool has and how far they are done: a file beside them. It names a segment
// before the segment has a record, and no longer names it before the segment goes; so a file
// that it does not name is a leftover, and one that it names and that is not there is a loss of
// known size.
struct SpoolLedger {
  SpoolPosition acked;                   // all before it is settled
  uint64_t acked_records = 0;            // of the segment that `acked` is in
  std::map<uint64_t, uint64_t> records;  // by segment; of the last one: at least so many

  // Lines of text, the last one with the CRC-32C of the others.
  std::string Write() const;
  // kDataLoss: torn, altered, or none of ours.
  static StatusOr<SpoolLedger> Read(std::string_view text);
};

}  // namespace traffictap::sinks
