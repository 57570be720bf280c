// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "sinks/record_writer.h"

namespace traffictap::fakes {

// A writer's ledger, kept for a test that is alone with the writer.
class CountingLedger final : public sinks::RecordLedger {
 public:
  void Delivered(uint64_t records, uint64_t) override { delivered += records; }
  void Dropped(sinks::DropReason reason, uint64_t records, const Status& why) override {
    dropped[static_cast<size_t>(reason)] += records;
    status = why;
  }
  void Doubted(uint64_t records, const Status& why) override {
    doubted += records;
    status = why;
  }
  void Troubled(const Status& why) override { status = why; }

  uint64_t delivered = 0;
  uint64_t doubted = 0;
  std::array<uint64_t, sinks::kDropReasonCount> dropped{};
  Status status;
};

// Writes all of `records`; the first failure otherwise.
inline Status WriteAll(sinks::RecordWriter& writer, const traffic::RecordSelection& records) {
  for (size_t at = 0; at < records.size();) {
    const sinks::WriteResult result = writer.Write(records, at);
    TT_RETURN_IF_ERROR(result.status);
    at += result.taken;
  }
  return absl::OkStatus();
}

}  // namespace traffictap::fakes
