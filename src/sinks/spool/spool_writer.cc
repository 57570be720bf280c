// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_writer.h"

#include <algorithm>
#include <utility>

#include "traffic/record_codec.h"

namespace traffictap::sinks {
namespace {

// Small enough for a few to be put together into what the output is given at once.
constexpr size_t kBlockRecordsMax = 512;

}  // namespace

SpoolWriter::SpoolWriter(std::shared_ptr<Spool> spool, std::function<void()> appended)
    : spool_(std::move(spool)), appended_(std::move(appended)) {}

Status SpoolWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  const Status opened = spool_->Open();
  if (opened.ok()) appended_();  // what a former life has left
  return opened;
}

WriteResult SpoolWriter::Write(const traffic::RecordSelection& records, size_t from) {
  const size_t count = std::min(records.size() - from, kBlockRecordsMax);
  const Status appended =
      spool_->Append(traffic::EncodeRecords(records, from, count), static_cast<uint32_t>(count));
  if (!appended.ok()) return {0, appended};
  taken_ += count;
  appended_();
  Settle();
  return {count, absl::OkStatus()};
}

// The spool syncs at its own times too.
void SpoolWriter::Settle() {
  const uint64_t synced = spool_->counters().synced;
  const uint64_t news = std::min(synced, taken_) - settled_;
  settled_ += news;
  ledger_->Delivered(news, 0);
}

Status SpoolWriter::Flush() {
  const Status synced = spool_->Sync();
  Settle();
  return synced;
}

void SpoolWriter::Poll() {
  const Status polled = spool_->Poll();
  Settle();
  if (!polled.ok()) ledger_->Troubled(polled);
}

void SpoolWriter::Close(base::Nanos) {
  if (ledger_ == nullptr) return;
  const Status synced = spool_->Sync();
  Settle();
  // They are in the spool all the same, and come from there unless the machine crashes.
  ledger_->Delivered(taken_ - settled_, 0);
  settled_ = taken_;
  if (!synced.ok()) ledger_->Troubled(synced);
}

}  // namespace traffictap::sinks
