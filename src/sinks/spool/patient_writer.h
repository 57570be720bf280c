// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sinks/record_writer.h"

namespace traffictap::sinks {

// A writer of records that are kept elsewhere: what somebody can still heal (rights, credentials, a
// missing topic, a producer that failed) costs none of them. Only what would be refused for ever is
// dropped: too large, malformed, too old.
class PatientWriter final : public RecordWriter, private RecordLedger {
 public:
  explicit PatientWriter(std::unique_ptr<RecordWriter> writer);

  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override { return writer_->Flush(); }
  void Poll() override { writer_->Poll(); }
  void Close(base::Nanos wait) override { writer_->Close(wait); }

  // Of the records that it dropped: those that are to be written again. On the thread that calls
  // the writer.
  uint64_t again() const { return again_; }

 private:
  void Delivered(uint64_t records, uint64_t bytes) override;
  void Dropped(DropReason reason, uint64_t records, const Status& why) override;
  void Doubted(uint64_t records, const Status& why) override;
  void Troubled(const Status& why) override;

  RecordLedger* ledger_ = nullptr;
  uint64_t again_ = 0;
  const std::unique_ptr<RecordWriter> writer_;  // goes first, as it may report
};

}  // namespace traffictap::sinks
