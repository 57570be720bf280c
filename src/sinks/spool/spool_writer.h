// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "sinks/record_writer.h"
#include "sinks/spool/spool.h"

namespace traffictap::sinks {

// The way into a spool: a record is delivered when the spool has it on disk.
class SpoolWriter final : public RecordWriter {
 public:
  // `appended` is called after each block.
  SpoolWriter(std::shared_ptr<Spool> spool, std::function<void()> appended);

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override;
  void Poll() override;
  void Close(base::Nanos wait) override;

 private:
  void Settle();

  const std::shared_ptr<Spool> spool_;
  const std::function<void()> appended_;
  RecordLedger* ledger_ = nullptr;
  uint64_t taken_ = 0;    // records
  uint64_t settled_ = 0;  // of them
};

}  // namespace traffictap::sinks
