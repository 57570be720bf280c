// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/patient_writer.h"

#include <utility>

namespace traffictap::sinks {
namespace {

// Nobody can heal it: the records themselves are at fault.
bool IsFinal(DropReason reason, const Status& why) {
  switch (reason) {
    case DropReason::kTooLarge:
    case DropReason::kTimedOut: return true;
    case DropReason::kWriteFailed:
      return why.code() == absl::StatusCode::kInvalidArgument ||
             why.code() == absl::StatusCode::kOutOfRange;
    default: return false;
  }
}

}  // namespace

PatientWriter::PatientWriter(std::unique_ptr<RecordWriter> writer) : writer_(std::move(writer)) {}

Status PatientWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  return writer_->Open(this);
}

WriteResult PatientWriter::Write(const traffic::RecordSelection& records, size_t from) {
  WriteResult result = writer_->Write(records, from);
  if (!result.status.ok() && !IsRetryable(result.status) &&
      !IsFinal(DropReason::kWriteFailed, result.status)) {
    result.status = absl::UnavailableError(result.status.message());
  }
  return result;
}

void PatientWriter::Delivered(uint64_t records, uint64_t bytes) {
  ledger_->Delivered(records, bytes);
}

void PatientWriter::Dropped(DropReason reason, uint64_t records, const Status& why) {
  if (!IsFinal(reason, why)) again_ += records;
  ledger_->Dropped(reason, records, why);
}

void PatientWriter::Doubted(uint64_t records, const Status& why) { ledger_->Doubted(records, why); }

void PatientWriter::Troubled(const Status& why) { ledger_->Troubled(why); }

}  // namespace traffictap::sinks
